import CAV
package import ClipSampling

/// A clip: its real frame times, and the frames that are asked for.
///
/// Times count from the first shown frame, edit lists applied. With `start` and `duration` only the frames with
/// start ≤ t < start + duration exist, and times count from `start`. Used by one thread.
package final class VideoReader {
    /// What the headers say; width and height as shown.
    package let info: MediaInfo
    /// Seconds at which each frame begins to be shown, from the beginning of the window; ascending, never empty.
    package let times: [Fraction]
    /// Frames per second where it is constant (each frame within one tick of the file's clock of k / rate), else nil.
    package let frameRate: Fraction?
    /// Seconds: frames / rate where the rate is constant, as the reference has it, otherwise to the end of the last
    /// frame or of the window.
    package let duration: Double

    /// Frames per second by FFmpeg's guess (`av_guess_frame_rate`), which is what OpenCV and whoever reads with it take for
    /// the rate; nil where it has none.
    package let guessedRate: Fraction?

    private let path: String
    private let style: PixelStyle
    private let table: FrameTable
    private let keys: [Int]
    /// The frames of the file that lie in the window.
    private let window: Range<Int>

    /// Opens the clip and finds the time of every frame. Reads the whole file once; decodes it only where its packets do
    /// not tell the times.
    ///
    /// - Parameters:
    ///   - start: Seconds from the first frame, at least 0.
    ///   - duration: Seconds; nil, or more than there is, means to the end.
    ///   - style: How frames become RGB.
    /// - Throws: ``MediaError``; `outOfRange` when `start` is at or past the end, or `duration` is not positive;
    ///   `unsupported` for a still image.
    package init(
        path: String, start: Fraction = 0, duration: Fraction? = nil, style: PixelStyle = .accurate
    ) throws(MediaError) {
        self.path = path
        self.style = style
        let (info, guess, table) = try Self.scan(path)
        guessedRate = guess
        let (window, stop) = try table.window(start: start, duration: duration, path: path)
        times = window.map { max(table.time($0) - start, 0) }
        keys = table.keys()
        self.info = info
        self.table = table
        self.window = window
        frameRate = table.rate
        self.duration =
            table.rate.map { Double(window.count) / $0.double } ?? (stop - start).double
    }

    /// The frames that ImageBind's sampler takes, for each of `clips` short clips spread over the video: those with
    /// start ≤ t < end, of which `perClip` evenly from first to last. See ``ClipTimes``.
    package func clipFrames(clipDuration: Int, clips: Int, perClip: Int) -> [[Int]] {
        if let frameRate {
            return ClipTimes.frames(
                count: times.count, rate: frameRate.double, clipDuration: clipDuration, clips: clips, perClip: perClip)
        }
        return ClipTimes.frames(
            times: times, duration: duration, clipDuration: clipDuration, clips: clips, perClip: perClip)
    }

    /// The frames at these places of ``times``, in the order asked for, turned as they are meant to be seen.
    ///
    /// Each group of pictures is decoded at most once, in ascending order; only the frames asked for are kept.
    ///
    /// - Throws: ``MediaError``; `outOfRange` for an index that does not exist, `tooLarge` beyond
    ///   ``Limits/frameBytes``, `corrupt` for a frame that does not decode.
    package func frames(at indices: [Int]) throws(MediaError) -> [Image] {
        let wanted = Set(indices)
        if let video = info.video {
            let (bytes, overflow) = (video.width * video.height * 3).multipliedReportingOverflow(by: wanted.count)
            guard !overflow, bytes <= Limits.frameBytes else {
                throw MediaError(
                    .tooLarge, file: path, doing: "decode frames",
                    found: "\(wanted.count) frames of \(video.width)×\(video.height)",
                    remedy: "ask for fewer at a time: at most \(Limits.frameBytes >> 30) GiB")
            }
        }
        var found: [Int: Image] = [:]
        found.reserveCapacity(wanted.count)
        try visit(wanted.sorted()) { found[$0] = $1 }
        return indices.compactMap { found[$0] }
    }

    /// Decodes the frames at these ascending places of ``times`` and hands over one at a time: each once, all of them
    /// unless this throws, as ``frames(at:)`` does.
    package func visit(_ indices: [Int], _ take: (Int, Image) -> Void) throws(MediaError) {
        guard let lowest = indices.first, let highest = indices.last else { return }
        guard lowest >= 0, highest < times.count else {
            throw MediaError(
                .outOfRange, file: path, doing: "decode frames", found: "frame \(lowest < 0 ? lowest : highest)",
                remedy: "the clip has frames 0 to \(times.count - 1)")
        }
        var missing = indices.map { $0 + window.lowerBound }
        func note(_ index: Int, _ image: Image) {
            missing.removeFirst()
            take(index - window.lowerBound, image)
        }
        var pass = DecodePass(path: path, table: table, keys: keys, style: style)
        if try !pass.decode(missing, note) {
            // A seek can land where a damaged or open group of pictures does not decode; from the beginning it may.
            pass = DecodePass(path: path, table: table, keys: nil, style: style)
            _ = try pass.decode(missing, note)
        }
        guard let first = missing.first else { return }
        throw MediaError(
            .corrupt, file: path,
            doing: "decode frame \(first - window.lowerBound) at \(times[first - window.lowerBound].double) s",
            found: pass.failure, remedy: "the file is truncated or damaged: copy it again")
    }

    /// The number in the file of the window's first frame.
    var firstFrame: Int { window.lowerBound }

    /// Seconds from the file's first frame to the one at a place of ``times``.
    func fileTime(of index: Int) -> Fraction { table.time(index + window.lowerBound) }

    private static func scan(_ path: String) throws(MediaError) -> (MediaInfo, Fraction?, FrameTable) {
        let input = try Input(path)
        let stream = try input.videoStream()
        let guess = Fraction(av_guess_frame_rate(input.context, stream, nil))
        let info = MediaInfo(input)
        if info.isImage {
            throw input.error(.unsupported, "read it as a video", "it is a still image", "give it as an image")
        }
        return (info, guess.flatMap { $0 > 0 ? $0 : nil }, try VideoScan.table(path))
    }
}
