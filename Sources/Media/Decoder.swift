import CAV
import Glibc

/// One stream's decoder and the loop that feeds it from its ``Input``.
///
/// Single-threaded on purpose: ranks share a node's cores, and a damaged stream then decodes the same way every time.
final class Decoder {
    let input: Input
    let stream: UnsafeMutablePointer<AVStream>
    /// The decoded frame after ``next()`` returned true; its contents change with the next call.
    let frame: UnsafeMutablePointer<AVFrame>
    let context: UnsafeMutablePointer<AVCodecContext>
    private let packet: UnsafeMutablePointer<AVPacket>
    private var draining = false
    private var failures = 0
    /// The last status with which a packet was refused.
    private(set) var lastFailure: Int32 = 0
    /// Called with each packet of the stream before it is decoded.
    var onPacket: ((UnsafeMutablePointer<AVPacket>) -> Void)?

    /// - Parameter strict: Whether damage is an error even where the decoder could conceal it.
    init(_ input: Input, _ stream: UnsafeMutablePointer<AVStream>, strict: Bool = false) throws(MediaError) {
        let parameters = stream.pointee.codecpar
        let id = stream.pointee.codecpar.pointee.codec_id
        guard let codec = avcodec_find_decoder(id) else {
            throw input.error(
                .unsupported, "decode it", "this FFmpeg has no decoder for \(String(cString: avcodec_get_name(id)))",
                "convert it, for example to H.264 or FLAC")
        }
        var opened = avcodec_alloc_context3(codec)
        var frame = av_frame_alloc()
        var packet = av_packet_alloc()
        var status: Int32 = seehear_error(ENOMEM)
        if let context = opened, frame != nil, packet != nil {
            status = avcodec_parameters_to_context(context, parameters)
            if status >= 0 {
                context.pointee.pkt_timebase = stream.pointee.time_base
                context.pointee.thread_count = 1
                context.pointee.max_pixels = Int64(input.pixels)
                if strict { context.pointee.err_recognition |= AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_EXPLODE }
                status = avcodec_open2(context, codec, nil)
            }
        }
        guard status >= 0, let context = opened, let frame, let packet else {
            avcodec_free_context(&opened)
            av_frame_free(&frame)
            av_packet_free(&packet)
            throw input.damaged("open the decoder", status)
        }
        self.input = input
        self.stream = stream
        self.frame = frame
        self.packet = packet
        self.context = context
        input.select([stream])
    }

    deinit {
        var (context, frame, packet) = (
            Optional(context), Optional(frame), Optional(packet)
        )
        avcodec_free_context(&context)
        av_frame_free(&frame)
        av_packet_free(&packet)
    }

    /// Decodes the next frame into ``frame``; false at the end of the stream. Packets that do not decode are passed
    /// over (``lastFailure`` tells), as every player does.
    func next() throws(MediaError) -> Bool {
        while true {
            let status = avcodec_receive_frame(context, frame)
            if status == 0 { return true }
            if status == seehear_eof() { return false }
            if status != seehear_error(EAGAIN) {
                try note(status)
                if draining { return false }
            }
            if draining { return false }
            try feed()
        }
    }

    /// Starts over at a key frame at or before `ticks` in the stream's time base; false when the file cannot.
    func seek(to ticks: Int64) -> Bool {
        let status = avformat_seek_file(input.context, stream.pointee.index, Int64.min, ticks, ticks, 0)
        avcodec_flush_buffers(context)
        draining = false
        return status >= 0
    }

    private func feed() throws(MediaError) {
        while true {
            let status = av_read_frame(input.context, packet)
            if status < 0 {
                // Damage inside the container ends the stream like its end; what was asked for and not found is then
                // reported by the caller.
                if status != seehear_eof() { lastFailure = status }
                draining = true
                avcodec_send_packet(context, nil)
                return
            }
            guard packet.pointee.stream_index == stream.pointee.index else {
                av_packet_unref(packet)
                continue
            }
            onPacket?(packet)
            let sent = avcodec_send_packet(context, packet)
            av_packet_unref(packet)
            if sent < 0 { try note(sent) }
            return
        }
    }

    private func note(_ status: Int32) throws(MediaError) {
        lastFailure = status
        failures += 1
        if status == seehear_error(ENOMEM) { throw Input.noMemory(input.path) }
        // A stream of nothing but damage would otherwise keep a rank busy for long.
        guard failures < 100_000 else { throw input.damaged("decode it", status) }
    }
}
