import CAV
import Glibc

/// An opened encoder. Deterministic: one thread, no version strings.
final class Encoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    /// To be filled by the caller before ``encode(_:_:)``.
    let frame: UnsafeMutablePointer<AVFrame>
    private let packet: UnsafeMutablePointer<AVPacket>
    private let name: String
    private let file: String

    /// - Parameters:
    ///   - name: FFmpeg's name: "libx264", "aac", "png".
    ///   - file: The source's name, for errors.
    ///   - options: The encoder's own settings.
    ///   - configure: Sets size, rate, format and time base.
    init(
        _ name: String, file: String, options: [String: String] = [:],
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
            context.pointee.thread_count = 1
            context.pointee.flags |= Int32(bitPattern: UInt32(AV_CODEC_FLAG_BITEXACT))
            configure(context)
            var dictionary: OpaquePointer?
            for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
            status = avcodec_open2(context, codec, &dictionary)
            av_dict_free(&dictionary)
        }
        guard status >= 0, let context = opened, let frame, let packet else {
            avcodec_free_context(&opened)
            av_frame_free(&frame)
            av_packet_free(&packet)
            throw MediaError(
                .failed, file: file, doing: "open the encoder \(name)", found: FFmpegLog.explain(status),
                remedy: "check the size, the rate and the encoder's settings")
        }
        self.context = context
        self.frame = frame
        self.packet = packet
        self.name = name
        self.file = file
    }

    deinit {
        var (context, frame, packet) = (Optional(context), Optional(frame), Optional(packet))
        avcodec_free_context(&context)
        av_frame_free(&frame)
        av_packet_free(&packet)
    }

    /// Gives ``frame`` buffers of the format and size that were set in it, or makes them writable again.
    func prepareFrame() throws(MediaError) {
        let status =
            frame.pointee.buf.0 == nil ? av_frame_get_buffer(frame, 0) : av_frame_make_writable(frame)
        guard status >= 0 else { throw Input.noMemory(file) }
    }

    /// Encodes ``frame`` (true) or what is still held back (false), and hands over the packets that come out; each is
    /// valid during the call.
    func encode(
        _ hasFrame: Bool, _ take: (UnsafeMutablePointer<AVPacket>) throws(MediaError) -> Void
    ) throws(MediaError) {
        var status = avcodec_send_frame(context, hasFrame ? frame : nil)
        while status >= 0 {
            status = avcodec_receive_packet(context, packet)
            if status == seehear_error(EAGAIN) || status == seehear_eof() { return }
            guard status >= 0 else { break }
            defer { av_packet_unref(packet) }
            try take(packet)
        }
        throw MediaError(
            .failed, file: file, doing: "encode with \(name)", found: FFmpegLog.explain(status),
            remedy: "check the image or audio that is written")
    }
}
