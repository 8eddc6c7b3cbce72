import CAV
import Glibc

/// An opened media file: FFmpeg's demuxer over a ``MediaFile``, its streams identified and within the limits.
///
/// Used by one thread. Everything is released when it goes.
final class Input {
    let path: String
    let context: UnsafeMutablePointer<AVFormatContext>
    private let file: MediaFile
    private let io: UnsafeMutablePointer<AVIOContext>

    /// Opens, recognises and reads the headers.
    init(_ path: String) throws(MediaError) {
        let file = try MediaFile(path)
        FFmpegLog.begin()
        let bufferSize = 1 << 15
        let read: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
            opaque, buffer, count in
            guard let opaque, let buffer, count > 0 else { return seehear_error(EINVAL) }
            let got = Unmanaged<MediaFile>.fromOpaque(opaque).takeUnretainedValue()
                .read(into: buffer, count: Int(count))
            return got == 0 ? seehear_eof() : got > 0 ? Int32(got) : seehear_error(Int32(-got))
        }
        let seek: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = { opaque, offset, whence in
            guard let opaque else { return Int64(seehear_error(EINVAL)) }
            let file = Unmanaged<MediaFile>.fromOpaque(opaque).takeUnretainedValue()
            if whence & AVSEEK_SIZE != 0 { return file.size }
            let base =
                switch whence & ~AVSEEK_FORCE {
                case SEEK_SET: Int64(0)
                case SEEK_CUR: file.place
                default: file.size
                }
            let (place, overflow) = base.addingReportingOverflow(offset)
            guard !overflow, place >= 0 else { return Int64(seehear_error(EINVAL)) }
            file.seek(to: place)
            return place
        }
        guard let buffer = av_malloc(bufferSize) else { throw Self.noMemory(path) }
        guard
            let io = avio_alloc_context(
                buffer.assumingMemoryBound(to: UInt8.self), Int32(bufferSize), 0,
                Unmanaged.passUnretained(file).toOpaque(), read, nil, seek)
        else {
            av_free(buffer)
            throw Self.noMemory(path)
        }
        do {
            self.context = try Self.open(path, io)
        } catch {
            Self.release(io)
            throw error
        }
        self.path = path
        self.file = file
        self.io = io
        // From here on deinit releases: every property is set.
        try readHeaders()
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
        Self.release(io)
    }

    /// The name of the container format, as FFmpeg has it: "mov,mp4,m4a,3gp,3g2,mj2".
    var format: String { String(cString: context.pointee.iformat.pointee.name) }

    /// The streams in their order.
    var streams: [UnsafeMutablePointer<AVStream>] {
        (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
    }

    /// The stream of a kind that a player would choose: the one marked as default, otherwise the first. Cover art and
    /// thumbnails are not video.
    func stream(_ type: AVMediaType) -> UnsafeMutablePointer<AVStream>? {
        let cover = AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS
        let candidates = streams.filter {
            $0.pointee.codecpar.pointee.codec_type == type && $0.pointee.disposition & cover == 0
        }
        return candidates.first { $0.pointee.disposition & AV_DISPOSITION_DEFAULT != 0 } ?? candidates.first
    }

    /// Leaves all other streams unread.
    func select(_ stream: UnsafeMutablePointer<AVStream>) {
        for other in streams where other != stream { other.pointee.discard = AVDISCARD_ALL }
    }

    /// The video stream, with usable dimensions.
    func videoStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        guard let stream = stream(AVMEDIA_TYPE_VIDEO) else {
            let held = streams.compactMap { av_get_media_type_string($0.pointee.codecpar.pointee.codec_type) }
            let names = held.map { String(cString: $0) }.joined(separator: ", ")
            throw error(
                .noVideoStream, "find a video stream",
                names.isEmpty ? "it holds no streams" : "it holds only: \(names)",
                "give a file with a video stream, or use a task that needs none")
        }
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
        let parameters = stream.pointee.codecpar.pointee
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
        // Decoders learn the size from their own headers, and report the limit that was set in words only; a side of 0
        // is "invalid" as well.
        if FFmpegLog.mentions("exceeds specified max pixel count")
            || FFmpegLog.mentions("Picture size") && !FFmpegLog.mentions("size 0x") && !FFmpegLog.mentions("x0 is")
        {
            return error(
                .tooLarge, action, FFmpegLog.explain(status),
                "at most \(Limits.pixels) pixels are accepted: scale it down")
        }
        return error(.corrupt, action, FFmpegLog.explain(status), "the file is truncated or damaged: copy it again")
    }

    static func noMemory(_ path: String) -> MediaError {
        MediaError(
            .failed, file: path, doing: "decode it", found: "no memory", remedy: "run fewer ranks on this node")
    }

    private static func release(_ io: UnsafeMutablePointer<AVIOContext>) {
        // FFmpeg may have replaced the buffer that it was given.
        av_free(io.pointee.buffer)
        var io: UnsafeMutablePointer<AVIOContext>? = io
        avio_context_free(&io)
    }

    private static func open(
        _ path: String, _ io: UnsafeMutablePointer<AVIOContext>
    ) throws(MediaError) -> UnsafeMutablePointer<AVFormatContext> {
        var format: UnsafePointer<AVInputFormat>?
        // Without a name: recognised by contents alone, so that text called .mp4 is not taken for one.
        let score = av_probe_input_buffer2(io, &format, "", nil, 0, 0)
        guard score > 1, let format else {
            throw MediaError(
                .unrecognised, file: path, doing: "recognise the format",
                found: "no format that FFmpeg knows begins like this",
                remedy: "check with the `file` command what it really is")
        }
        guard let created = avformat_alloc_context() else { throw noMemory(path) }
        created.pointee.pb = io
        // Playlists and edit lists of other files must not make FFmpeg open anything else.
        created.pointee.io_open = { _, _, _, _, _ in seehear_error(EPERM) }
        var context: UnsafeMutablePointer<AVFormatContext>? = created
        let status = avformat_open_input(&context, "", format, nil)
        guard status >= 0, let context else {
            let name = String(cString: format.pointee.name)
            throw MediaError(
                .corrupt, file: path, doing: "read the header (\(name))", found: FFmpegLog.explain(status),
                remedy: "the file is truncated or damaged: copy it again")
        }
        return context
    }

    private func readHeaders() throws(MediaError) {
        try checkDimensions()
        try checkLength()
        // The streams' parameters may need a look into the first packets; the decoders that FFmpeg opens for that are
        // bound by the same limits.
        let count = Int(context.pointee.nb_streams)
        var options = [OpaquePointer?](repeating: nil, count: count)
        for i in 0..<count {
            av_dict_set(&options[i], "max_pixels", "\(Limits.pixels)", 0)
            av_dict_set(&options[i], "threads", "1", 0)
        }
        defer { for i in 0..<count { av_dict_free(&options[i]) } }
        let status = avformat_find_stream_info(context, &options)
        guard status >= 0 else { throw damaged("read the first packets", status) }
        try checkDimensions()
    }

    private func checkDimensions() throws(MediaError) {
        for stream in streams {
            let parameters = stream.pointee.codecpar.pointee
            let (width, height) = (Int(parameters.width), Int(parameters.height))
            guard
                width <= 0 || height <= 0 || width.multipliedReportingOverflow(by: height).partialValue <= Limits.pixels
            else {
                throw error(
                    .tooLarge, "read the image", "\(width)×\(height) pixels",
                    "at most \(Limits.pixels) pixels are accepted: scale it down")
            }
        }
    }

    /// An mp4 lists where each packet lies; one that ends before its last packet was cut off.
    private func checkLength() throws(MediaError) {
        guard format.hasPrefix("mov") else { return }
        for stream in streams {
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
