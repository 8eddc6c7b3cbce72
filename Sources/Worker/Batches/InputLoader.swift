internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Media

/// Reads what steers a sample from its file, as the binder looks at it.
struct InputLoader: Sendable {
    let binder: Job.Binder

    /// - Throws: `MediaError`, or ``SampleFailure`` for a sample whose input this task has no use for.
    func load(_ sample: PlannedSample) throws -> AudioRequest.Vision {
        guard let input = sample.input else {
            throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
        }
        switch input.kind {
        case .image:
            return .picture(try picture(ImageReader.read(input.path)))
        case .video:
            let reader = try VideoReader(
                path: input.path, start: input.start.flatMap(Fraction.init(asWritten:)) ?? 0,
                duration: input.duration.flatMap(Fraction.init(asWritten:)))
            let clips = reader.clipFrames(
                clipDuration: binder.clipDuration, clips: binder.clips(in: sample.durationSeconds),
                perClip: binder.framesPerClip)
            let frames = try reader.frames(at: clips.flatMap { $0 }).map(picture)
            var next = 0
            return .clips(
                clips.map { clip in
                    defer { next += clip.count }
                    return Array(frames[next..<next + clip.count])
                })
        case .audio:
            throw SampleFailure(
                kind: "noInput",
                message: "'\(sample.key)' is steered by sound, which \(sample.task.rawValue) does not take.")
        }
    }

    private func picture(_ image: RGBImage) throws -> Picture {
        guard let picture = Picture(width: image.width, height: image.height, pixels: image.pixels) else {
            throw SampleFailure(
                kind: "invalidDimensions", message: "a frame of \(image.width) × \(image.height) has no pixels.")
        }
        return picture
    }
}
