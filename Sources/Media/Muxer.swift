import CAV
package import ClipSampling
import Glibc

/// Writes mp4 files: audio under an existing video, or frames with or without audio.
package enum Muxer {
    /// Settings of what is encoded.
    package struct Options: Equatable, Sendable {
        /// Bits per second of the AAC track.
        package var audioBitRate: Int
        /// libx264's constant rate factor, 0 (lossless) … 51; used only where a video is encoded.
        package var crf: Int
        /// libx264's preset.
        package var preset: String

        /// AAC at 192 kbit/s; H.264 at rate factor 18, preset "medium".
        package init(audioBitRate: Int = 192_000, crf: Int = 18, preset: String = "medium") {
            self.audioBitRate = audioBitRate
            self.crf = min(max(crf, 0), 51)
            self.preset = preset
        }
    }

    /// What became of the source's video.
    package enum VideoCoding: Equatable, Sendable {
        /// The source's packets, bit by bit.
        case copied
        /// H.264 made anew, and why.
        case encoded(reason: String)
    }

    /// An mp4 file in memory.
    package struct Output: Equatable, Sendable {
        /// The whole file, index in front.
        package let bytes: [UInt8]
        /// Whether the video was copied.
        package let video: VideoCoding
    }

    /// Puts `audio` under the video of `path`; the source's own audio is left out.
    ///
    /// The video is copied where mp4 takes its codec, otherwise encoded. A window that does not begin at a key frame
    /// is copied from the key frame before; an edit list hides what lies outside, exactly to the frame. Audio and
    /// video both begin at time 0 and keep their lengths. Rotation is kept as metadata.
    ///
    /// - Parameters:
    ///   - start: Seconds from the video's first frame.
    ///   - duration: Seconds; nil, or more than there is, means to the end.
    /// - Throws: ``MediaError``, of the source or of the audio (`invalidInput`).
    package static func mux(
        _ audio: PlanarAudio, underVideo path: String, start: Fraction = 0, duration: Fraction? = nil,
        options: Options = Options()
    ) throws(MediaError) -> Output {
        let table = try VideoScan.table(path)
        let cut = Cut(
            table: table, frames: try table.window(start: start, duration: duration, path: path).frames, start: start)
        let input = try Input(path)
        let stream = try input.videoStream()
        if let reason = VideoCopy.obstacle(stream, table) {
            return Output(
                bytes: try encode(audio, cut, input, stream, options), video: .encoded(reason: reason))
        }
        return Output(
            bytes: try VideoCopy.write(audio, cut, input, stream, options), video: .copied)
    }

    /// Encodes `frames` at `rate` frames per second, with `audio` if there is one. The audio is cut, or filled up with
    /// silence, to frames / rate seconds.
    ///
    /// - Throws: ``MediaError``; `invalidInput` for no frames, frames of several sizes, or a rate outside 1/1000…1000.
    package static func encode(
        _ frames: [Image], rate: Fraction, audio: PlanarAudio? = nil, options: Options = Options()
    ) throws(MediaError) -> [UInt8] {
        guard let first = frames.first, frames.allSatisfy({ $0.width == first.width && $0.height == first.height }),
            rate >= Fraction(1, 1000), rate <= 1000, first.width <= 16384, first.height <= 16384
        else {
            throw MediaError(
                .invalidInput, file: "", doing: "encode a video",
                found: "\(frames.count) frames at \(rate) per second",
                remedy:
                    "give at least one frame, all of one size up to 16384×16384, at 1/1000 to 1000 per second")
        }
        let scratch = try RGBFrame(
            width: first.width + first.width % 2, height: first.height + first.height % 2)
        let output = try Mp4File(for: "")
        let period = (Fraction(1) / rate).av
        let track = try VideoTrack(
            like: scratch.frame, base: period, rate: rate.av, options: options, into: output, file: "")
        let audioTrack: AudioTrack? = try audio.map { audio throws(MediaError) in
            try AudioTrack(
                audio, bitRate: options.audioBitRate, length: Fraction(Int128(frames.count)) / rate, into: output,
                file: "")
        }
        try output.begin(timescale: timescale(period, audioTrack?.rate))
        try audioTrack?.write()
        for (index, frame) in frames.enumerated() {
            try scratch.fill(with: frame)
            try track.write(scratch.frame, at: Int64(index), lasting: 1)
        }
        try track.finish()
        return try output.finish()
    }

    /// Units per second in which both a whole number of frames and of samples can be told, where one is not too fine.
    private static func timescale(_ period: AVRational, _ sampleRate: Int?) -> Int {
        let coarse = VideoCopy.timescale(period)
        guard let sampleRate else { return coarse }
        let frames = Int(period.den)
        // The denominator of sampleRate / frames says what the one lacks of the other.
        let common = Fraction(Int128(sampleRate), Int128(frames)).denominator * Int128(sampleRate)
        return common <= 10_000_000 ? max(Int(common), 1) : coarse
    }

    /// The frames of a video that are written.
    struct Cut {
        let table: FrameTable
        let frames: Range<Int>
        /// Seconds from the first frame.
        let start: Fraction

        /// The tick that becomes time 0.
        var zero: Int64 {
            table.ticks[0]
                + Int64(min((start / table.tick).floor, Int128(table.ticks[frames.lowerBound] - table.ticks[0])))
        }

        /// Ticks for which a frame is shown.
        func duration(_ index: Int) -> Int64 {
            index + 1 < table.ticks.count ? table.ticks[index + 1] - table.ticks[index] : table.lastDuration
        }
    }

    private static func encode(
        _ audio: PlanarAudio, _ cut: Cut, _ input: Input, _ stream: UnsafeMutablePointer<AVStream>, _ options: Options
    ) throws(MediaError) -> [UInt8] {
        let table = cut.table
        var cursor = try FrameCursor(input.path, table)
        let key = table.followsPackets ? table.keys()[cut.frames.lowerBound] : 0
        if key > 0, try !cursor.seek(to: key, table) { cursor = try FrameCursor(input.path, table) }
        let output = try Mp4File(for: input.path)
        var track: VideoTrack?
        for index in cut.frames {
            guard try cursor.advance(to: index, table) else {
                throw input.error(
                    .corrupt, "decode frame \(index)", cursor.explanation, "the file is damaged: copy it again")
            }
            if track == nil {
                let new = try VideoTrack(
                    like: cursor.decoder.frame, base: stream.pointee.time_base,
                    rate: table.rate?.av ?? stream.pointee.avg_frame_rate, options: options, into: output,
                    file: input.path)
                VideoCopy.keepOrientation(of: stream, in: new.target)
                let audioTrack = try AudioTrack(audio, bitRate: options.audioBitRate, into: output, file: input.path)
                try output.begin(timescale: VideoCopy.timescale(stream.pointee.time_base))
                try audioTrack.write()
                track = new
            }
            try track?.write(
                cursor.decoder.frame, at: max(table.ticks[index] - cut.zero, 0), lasting: cut.duration(index))
        }
        try track?.finish()
        return try output.finish()
    }
}
