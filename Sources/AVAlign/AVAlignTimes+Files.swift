internal import ClipSampling
package import Media

extension AVAlignTimes {
    /// Seconds by which a sound may end before its video: encoders cut at their own blocks.
    private static let tolerance = 0.25

    /// The times of a clip: frames as OpenCV decodes them, sound as librosa loads it.
    /// - Parameters:
    ///   - video: of at least two frames at a constant rate.
    ///   - sound: a sound file, or the video itself for its own track; a quarter of a second shorter than the video at most.
    ///   - threads: for the optical flow, at least 1.
    /// - Throws: ``MediaError``.
    package init(video: String, sound: String, threads: Int = 1) throws(MediaError) {
        let reader = try VideoReader(path: video, style: .openCV)
        guard reader.times.count > 1 else {
            throw Self.error(video, "it has one frame", "nothing moves in it: give a video of two frames or more")
        }
        guard let frameRate = reader.frameRate else {
            throw Self.error(
                video, "\(reader.times.count) frames in \(reader.duration) s, at no constant rate",
                "AV-Align counts in frames: write it with a constant rate, for example with `ffmpeg -i IN -r 25 OUT.mp4`"
            )
        }
        // The sound is the smaller part of the work: what is wrong with it is said at once.
        let audio = try AudioReader.readAsLibrosa(sound, sampleRate: OnsetEnvelope.sampleRate)
        guard audio.duration + Self.tolerance >= reader.duration else {
            throw Self.error(
                sound, "its sound lasts \(audio.duration) s, and the frames of \(video) \(reader.duration) s",
                "give the sound of the whole video, or cut the video to the sound's length")
        }
        self.init(
            onsets: OnsetEnvelope(samples: audio.channels[0]).onsets,
            trajectory: try Self.trajectory(of: reader, video, threads: threads),
            frameRate: (reader.guessedRate ?? frameRate).double)
    }

    private static func trajectory(
        of reader: VideoReader, _ file: String, threads: Int
    ) throws(MediaError) -> [Double] {
        var flow: FlowTrajectory?
        var failure: OpticalFlowError?
        try reader.visit(Array(reader.times.indices)) { _, image in
            guard failure == nil else { return }
            do throws(OpticalFlowError) {
                let grey = GreyImage(image)
                if flow == nil {
                    flow = try FlowTrajectory(width: grey.width, height: grey.height, threads: threads)
                }
                try flow?.append(grey)
            } catch {
                failure = error
            }
        }
        do throws(OpticalFlowError) {
            if let failure { throw failure }
            return try flow?.finish() ?? []
        } catch {
            throw self.error(file, error.found, error.remedy)
        }
    }

    private static func error(_ file: String, _ found: String, _ remedy: String) -> MediaError {
        MediaError(.unsupported, file: file, doing: "compare its motion with sound", found: found, remedy: remedy)
    }
}
