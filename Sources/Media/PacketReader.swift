import CAV

/// The packets of some streams of an ``Input``, in the order of the file. Used by one thread.
final class PacketReader {
    private let input: Input
    private let wanted: Set<Int32>
    private let packet: UnsafeMutablePointer<AVPacket>
    /// The status with which reading ended before the end of the file; 0 where it did not.
    private(set) var failure: Int32 = 0

    /// Leaves all other streams unread.
    init(_ input: Input, _ streams: [UnsafeMutablePointer<AVStream>]) throws(MediaError) {
        guard let packet = av_packet_alloc() else { throw Input.noMemory(input.path) }
        self.input = input
        self.packet = packet
        wanted = Set(streams.map(\.pointee.index))
        input.select(streams)
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    /// The next packet, valid until the next call; nil at the end, or where ``failure`` tells.
    func next() -> UnsafeMutablePointer<AVPacket>? {
        while true {
            av_packet_unref(packet)
            let status = av_read_frame(input.context, packet)
            guard status >= 0 else {
                // Matroska reports a cut file in words only, and then ends as if it were whole.
                let isCut = FFmpegLog.mentions("ended prematurely")
                failure = status != seehear_eof() ? status : isCut ? seehear_invalid_data() : 0
                return nil
            }
            if wanted.contains(packet.pointee.stream_index) { return packet }
        }
    }
}
