import CAV

/// An ``Encoder`` whose packets go to one stream of an ``Mp4File``.
final class TrackEncoder {
    private let encoder: Encoder
    private let output: Mp4File
    /// Where its packets go.
    let target: UnsafeMutablePointer<AVStream>
    /// Ticks for which a frame is shown, by its time; asked for packets that come without one.
    var durations: [Int64: Int64] = [:]

    /// Opens the encoder and describes its stream in the output, which is not begun yet; see ``Encoder``.
    init(
        _ name: String, into output: Mp4File, file: String, options: [String: String] = [:],
        configure: (UnsafeMutablePointer<AVCodecContext>) -> Void
    ) throws(MediaError) {
        encoder = try Encoder(name, file: file, options: options) { context in
            context.pointee.flags |= Int32(bitPattern: UInt32(AV_CODEC_FLAG_GLOBAL_HEADER))
            configure(context)
        }
        target = try output.addStream()
        guard avcodec_parameters_from_context(target.pointee.codecpar, encoder.context) >= 0 else {
            throw Input.noMemory(file)
        }
        target.pointee.time_base = encoder.context.pointee.time_base
        self.output = output
    }

    /// The opened encoder's settings.
    var context: UnsafeMutablePointer<AVCodecContext> { encoder.context }

    /// To be filled by the caller before ``encode(_:)``.
    var frame: UnsafeMutablePointer<AVFrame> { encoder.frame }

    /// Gives ``frame`` buffers of the format and size that were set in it, or makes them writable again.
    func prepareFrame() throws(MediaError) { try encoder.prepareFrame() }

    /// Encodes ``frame`` (true) or what is still held back (false), and writes the packets that come out.
    func encode(_ hasFrame: Bool) throws(MediaError) {
        try encoder.encode(hasFrame) { packet throws(MediaError) in
            if packet.pointee.duration <= 0 { packet.pointee.duration = durations[packet.pointee.pts] ?? 0 }
            try output.write(packet, to: target, base: encoder.context.pointee.time_base)
        }
    }
}
