import CAV
internal import ClipSampling
import Glibc

/// An opened media file: FFmpeg's demuxer over a ``MediaFile``, its streams identified and within the limits.
///
/// Used by one thread. Everything is released when it goes.
final class Input {
    let path: String
    let context: UnsafeMutablePointer<AVFormatContext>
    let file: MediaFile
    private let io: FileIO
    private let patience: Patience
    /// Whether it is an mp4 whose index, in front or at the end, lists all samples.
    let isIndexed: Bool
    /// Tracks whose packets lie in another file.
    private var external: Set<Int32> = []

    /// Opens, recognises and reads the headers.
    init(_ path: String) throws(MediaError) {
        let file = try MediaFile(path)
        FFmpegLog.begin()
        io = try FileIO(file, path)
        (context, isIndexed) = try Demuxer.open(file, path, io.context)
        self.path = path
        self.file = file
        patience = Patience(context)
        // From here on deinit releases: every property is set.
        try readHeaders()
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
    }

    /// Pixels of one image that a file of this length may ask for: ``Limits/pixels``, and fewer of a short one.
    var pixels: Int { Limits.pixels(inBytes: file.size) }

    /// The name of the container format, as FFmpeg has it: "mov,mp4,m4a,3gp,3g2,mj2".
    var format: String { String(cString: context.pointee.iformat.pointee.name) }

    /// The streams in their order.
    var streams: [UnsafeMutablePointer<AVStream>] {
        (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
    }

    /// The stream of a kind that a player would choose: the one marked as default, otherwise the first. Cover art and
    /// thumbnails are not video.
    func stream(_ type: AVMediaType) -> UnsafeMutablePointer<AVStream>? {
        let candidates = streams.filter {
            $0.pointee.codecpar.pointee.codec_type == type && $0.pointee.disposition & Self.cover == 0
        }
        return candidates.first { $0.pointee.disposition & AV_DISPOSITION_DEFAULT != 0 } ?? candidates.first
    }

    /// How cover art and thumbnails are marked.
    private static let cover = AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS

    /// Leaves all other streams unread.
    func select(_ wanted: [UnsafeMutablePointer<AVStream>]) {
        for other in streams where !wanted.contains(other) { other.pointee.discard = AVDISCARD_ALL }
    }

    /// When the first frame is shown, in seconds of the container; nil for a file without a video.
    var timeZero: Fraction? {
        guard !isStillImage, let video = stream(AVMEDIA_TYPE_VIDEO) else { return nil }
        return Fraction(ticks: video.pointee.start_time, of: video.pointee.time_base)
    }

    /// The video stream, with usable dimensions.
    func videoStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        guard let stream = stream(AVMEDIA_TYPE_VIDEO) else {
            if streams.contains(where: { $0.pointee.disposition & Self.cover != 0 }) {
                throw error(
                    .noVideoStream, "find a video stream",
                    "its only picture is the cover of a sound, which is no video",
                    "give a file with a video stream, or the picture as a file of its own")
            }
            let held = streams.compactMap { av_get_media_type_string($0.pointee.codecpar.pointee.codec_type) }
            let names = held.map { String(cString: $0) }.joined(separator: ", ")
            throw error(
                .noVideoStream, "find a video stream",
                names.isEmpty ? "it holds no streams" : "it holds only: \(names)",
                "give a file with a video stream, or use a task that needs none")
        }
        try checkPlace(of: stream)
        let parameters = stream.pointee.codecpar.pointee
        guard parameters.width > 0, parameters.height > 0 else {
            // A damaged image shows no size; a container states one of its own, even if it is 0.
            if isStillImage { throw damaged("decode the image", seehear_invalid_data()) }
            throw error(
                .invalidDimensions, "find the size of the image", "\(parameters.width)×\(parameters.height)",
                "check the file with ffprobe; it may be damaged")
        }
        return stream
    }

    /// The audio stream, with a usable rate and channel count.
    func audioStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        guard let stream = stream(AVMEDIA_TYPE_AUDIO) else {
            throw error(
                .noAudioStream, "find an audio stream", "it holds no audio",
                "give a file with audio, or use a task that needs none")
        }
        try checkPlace(of: stream)
        let parameters = stream.pointee.codecpar.pointee
        guard parameters.sample_rate > 0, parameters.ch_layout.nb_channels > 0 else {
            let codec = String(cString: avcodec_get_name(parameters.codec_id))
            throw error(
                .unsupported, "read the audio",
                "neither the file nor FFmpeg tells its rate and channels (codec: \(codec))",
                "convert it with the program that made it; it may be damaged")
        }
        guard Limits.sampleRates.contains(Int(parameters.sample_rate)),
            (1...Limits.channels).contains(Int(parameters.ch_layout.nb_channels))
        else {
            throw error(
                .unsupported, "read the audio",
                "\(parameters.sample_rate) samples per second in \(parameters.ch_layout.nb_channels) channels",
                "convert it to at most \(Limits.channels) channels at \(Limits.sampleRates) Hz")
        }
        return stream
    }

    /// An error about this file.
    func error(_ kind: MediaError.Kind, _ action: String, _ found: String, _ remedy: String) -> MediaError {
        MediaError(kind, file: path, doing: action, found: found, remedy: remedy)
    }

    /// An error for damaged contents, with FFmpeg's words.
    func damaged(_ action: String, _ status: Int32) -> MediaError {
        if status == seehear_error(ENOMEM) { return Self.noMemory(path) }
        if status == seehear_not_implemented() {
            return error(
                .unsupported, action, FFmpegLog.lacking ?? FFmpegLog.explain(status),
                "convert it with the program that made it, for example to mp4, flac or PNG")
        }
        // Decoders learn the size from their own headers, and report the limit that was set in words only; a side of 0
        // is "invalid" as well.
        if FFmpegLog.mentions("exceeds specified max pixel count")
            || FFmpegLog.mentions("Picture size") && !FFmpegLog.mentions("size 0x") && !FFmpegLog.mentions("x0 is")
        {
            return tooManyPixels(action, FFmpegLog.explain(status))
        }
        return error(.corrupt, action, FFmpegLog.explain(status), "the file is truncated or damaged: copy it again")
    }

    private func tooManyPixels(_ action: String, _ found: String) -> MediaError {
        pixels < Limits.pixels
            ? error(
                .tooLarge, action, found,
                "a file of \(file.size) bytes is believed to hold \(pixels) pixels at most: if it holds more, save it with less compression, or scale it down"
            )
            : error(.tooLarge, action, found, "at most \(Limits.pixels) pixels are accepted: scale it down")
    }

    static func noMemory(_ path: String) -> MediaError {
        MediaError(
            .failed, file: path, doing: "decode it", found: "no memory", remedy: "run fewer ranks on this node")
    }

    private func readHeaders() throws(MediaError) {
        external = Self.external()
        try checkDimensions()
        try checkLength()
        // The streams' parameters may need a look into the first packets; the decoders that FFmpeg opens for that are
        // bound by the same limits.
        let count = Int(context.pointee.nb_streams)
        var options = [OpaquePointer?](repeating: nil, count: count)
        for i in 0..<count {
            av_dict_set(&options[i], "max_pixels", "\(pixels)", 0)
            av_dict_set(&options[i], "threads", "1", 0)
        }
        defer { for i in 0..<count { av_dict_free(&options[i]) } }
        patience.begin()
        let status = avformat_find_stream_info(context, &options)
        patience.end()
        guard status >= 0 else { throw damaged("read the first packets", status) }
        try checkDimensions()
    }

    private func checkDimensions() throws(MediaError) {
        for stream in streams {
            let parameters = stream.pointee.codecpar.pointee
            let (width, height) = (Int(parameters.width), Int(parameters.height))
            guard
                width <= 0 || height <= 0 || width.multipliedReportingOverflow(by: height).partialValue <= pixels
            else { throw tooManyPixels("read the image", "\(width)×\(height) pixels") }
        }
    }

    /// The numbers of the tracks that FFmpeg reported as lying elsewhere: a QuickTime file may refer to others.
    private static func external() -> Set<Int32> {
        let words = "external track: stream "
        return Set(
            FFmpegLog.warnings(with: words).compactMap { line in
                Int32(line.prefix { $0.isNumber })
            })
    }

    private func checkPlace(of stream: UnsafeMutablePointer<AVStream>) throws(MediaError) {
        guard external.contains(stream.pointee.index) else { return }
        throw error(
            .unsupported, "read it", "its track \(stream.pointee.index) refers to another file, which is not opened",
            "make one file of it, in the program that made it, or with ffmpeg")
    }

    /// An mp4 lists where each packet lies; one that ends before its last packet was cut off.
    private func checkLength() throws(MediaError) {
        guard format.hasPrefix("mov") else { return }
        for stream in streams where !external.contains(stream.pointee.index) {
            let count = avformat_index_get_entries_count(stream)
            var end: Int64 = 0
            for i in 0..<count {
                guard let entry = avformat_index_get_entry(stream, i) else { continue }
                end = max(end, entry.pointee.pos.addingReportingOverflow(Int64(entry.pointee.size)).partialValue)
            }
            guard end <= file.size else {
                throw error(
                    .corrupt, "read the packets", "its index reaches to byte \(end), but it ends at byte \(file.size)",
                    "the file is truncated: copy it again")
            }
        }
    }
}
