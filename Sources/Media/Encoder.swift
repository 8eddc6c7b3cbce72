import CAV
import Glibc

/// An opened encoder whose packets go to one stream of an ``Mp4File``. Deterministic: one thread, no version strings.
final class Encoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    /// To be filled by the caller before ``encode(_:)``.
    let frame: UnsafeMutablePointer<AVFrame>
    private let packet: UnsafeMutablePointer<AVPacket>
    private let name: String
    private let file: String
    private let output: Mp4File
    private let stream: UnsafeMutablePointer<AVStream>
    /// Ticks for which a frame is shown, by its time; asked for packets that come without one.
    var durations: [Int64: Int64] = [:]

    /// Opens the encoder and describes its stream in the output, which is not begun yet.
    ///
    /// - Parameters:
    ///   - name: FFmpeg's name: "libx264", "aac".
    ///   - options: The encoder's own settings.
    ///   - configure: Sets size, rate, format and time base.
    init(
        _ name: String, into output: Mp4File, file: String, options: [String: String] = [:],
        configure: (UnsafeMutablePointer<AVCodecContext>) -> Void
    ) throws(MediaError) {
        guard let codec = avcodec_find_encoder_by_name(name) else {
            throw MediaError(
                .unsupported, file: file, doing: "encode with \(name)", found: "this FFmpeg was built without it",
                remedy: "install the distribution's own FFmpeg libraries, which have it")
        }
        var opened = avcodec_alloc_context3(codec)
        var frame = av_frame_alloc()
        var packet = av_packet_alloc()
        var status: Int32 = seehear_error(ENOMEM)
        if let context = opened, frame != nil, packet != nil {
            configure(context)
            context.pointee.thread_count = 1
            context.pointee.flags |= Int32(
                bitPattern: UInt32(AV_CODEC_FLAG_BITEXACT) | UInt32(AV_CODEC_FLAG_GLOBAL_HEADER))
            var dictionary: OpaquePointer?
            for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
            status = avcodec_open2(context, codec, &dictionary)
            av_dict_free(&dictionary)
        }
        let stream = try output.addStream()
        if status >= 0 { status = avcodec_parameters_from_context(stream.pointee.codecpar, opened) }
        guard status >= 0, let context = opened, let frame, let packet else {
            avcodec_free_context(&opened)
            av_frame_free(&frame)
            av_packet_free(&packet)
            throw MediaError(
                .failed, file: file, doing: "open the encoder \(name)", found: FFmpegLog.explain(status),
                remedy: "check the size, the rate and the encoder's settings")
        }
        stream.pointee.time_base = context.pointee.time_base
        self.context = context
        self.frame = frame
        self.packet = packet
        self.name = name
        self.file = file
        self.output = output
        self.stream = stream
    }

    deinit {
        var (context, frame, packet) = (Optional(context), Optional(frame), Optional(packet))
        avcodec_free_context(&context)
        av_frame_free(&frame)
        av_packet_free(&packet)
    }

    /// Where its packets go.
    var target: UnsafeMutablePointer<AVStream> { stream }

    /// Gives ``frame`` buffers of the format and size that were set in it, or makes them writable again.
    func prepareFrame() throws(MediaError) {
        let status =
            frame.pointee.buf.0 == nil ? av_frame_get_buffer(frame, 0) : av_frame_make_writable(frame)
        guard status >= 0 else { throw Input.noMemory(file) }
    }

    /// Encodes ``frame`` (true) or what is still held back (false), and writes the packets that come out.
    func encode(_ hasFrame: Bool) throws(MediaError) {
        var status = avcodec_send_frame(context, hasFrame ? frame : nil)
        while status >= 0 {
            status = avcodec_receive_packet(context, packet)
            if status == seehear_error(EAGAIN) || status == seehear_eof() { return }
            guard status >= 0 else { break }
            if packet.pointee.duration <= 0 { packet.pointee.duration = durations[packet.pointee.pts] ?? 0 }
            try output.write(packet, to: stream, base: context.pointee.time_base)
        }
        throw MediaError(
            .failed, file: file, doing: "encode with \(name)", found: FFmpegLog.explain(status),
            remedy: "check the picture or sound that is written")
    }
}
