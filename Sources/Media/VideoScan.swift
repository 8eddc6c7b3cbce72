import CAV

/// Finds the frame times of a video.
enum VideoScan {
    /// Codecs in which each packet is exactly one shown frame. Not VP8 (its alternate references come in packets of
    /// their own) and not MPEG-4 in AVI (several frames in one packet).
    private static let onePacketOneFrame: [AVCodecID] = [
        AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MJPEG,
        AV_CODEC_ID_PNG, AV_CODEC_ID_PRORES, AV_CODEC_ID_DNXHD, AV_CODEC_ID_FFV1,
    ]

    /// Reads all packets (without decoding) in containers that store exact times; decodes the file once where packets
    /// do not tell.
    static func table(_ path: String) throws(MediaError) -> FrameTable {
        let input = try Input(path)
        let stream = try input.videoStream()
        guard let tick = Fraction(stream.pointee.time_base), tick > 0 else {
            throw input.error(.corrupt, "read the frame times", "the time base is 0", "remux the file with ffmpeg")
        }
        let rates = [stream.pointee.r_frame_rate, stream.pointee.avg_frame_rate].compactMap { Fraction($0) }
            .filter { $0 > 0 }
        let packets = try packets(input, stream)
        let trusted =
            onePacketOneFrame.contains(stream.pointee.codecpar.pointee.codec_id)
            && ["mov", "matroska", "flv", "mpegts"].contains { input.format.hasPrefix($0) }
            && !(input.format == "mpegts" && isInterlaced(stream))
        let table: FrameTable
        if trusted, FrameTable.isReliable(packets) {
            let shown = packets.filter { !$0.isHidden }.sorted { ($0.shown ?? 0) < ($1.shown ?? 0) }
            table = FrameTable(
                packets: packets, followsPackets: true, ticks: shown.compactMap(\.shown), tick: tick,
                lastDuration: lastDuration(shown.last?.duration ?? 0, rates, tick), candidates: rates)
        } else {
            table = try decoded(path, packets, tick: tick, rates: rates)
        }
        for value in [table.ticks[0], table.ticks[table.ticks.count - 1]] {
            guard Fraction(ticks: value, of: stream.pointee.time_base) != nil else {
                throw input.error(
                    .corrupt, "read the frame times", "a time of \(value) ticks of \(tick) s", "the file is damaged")
            }
        }
        return table
    }

    /// In a transport stream each field may come as a packet.
    private static func isInterlaced(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        let order = stream.pointee.codecpar.pointee.field_order
        return order != AV_FIELD_UNKNOWN && order != AV_FIELD_PROGRESSIVE
    }

    private static func packets(
        _ input: Input, _ stream: UnsafeMutablePointer<AVStream>
    ) throws(MediaError) -> [FrameTable.Packet] {
        input.select(stream)
        var holder = av_packet_alloc()
        guard let packet = holder else { throw Input.noMemory(input.path) }
        defer { av_packet_free(&holder) }
        var packets: [FrameTable.Packet] = []
        while true {
            let status = av_read_frame(input.context, packet)
            if status == seehear_eof() { break }
            guard status >= 0 else { throw input.damaged("read the packets", status) }
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == stream.pointee.index else { continue }
            guard packets.count < Limits.packets else {
                throw input.error(
                    .tooLarge, "read the packets", "more than \(Limits.packets) frames", "cut the file into pieces")
            }
            packets.append(FrameTable.Packet(packet))
        }
        // Matroska reports a cut file in words only, and then ends as if it were whole.
        if FFmpegLog.mentions("ended prematurely") { throw input.damaged("read the packets", seehear_invalid_data()) }
        guard !packets.isEmpty else { throw input.damaged("read the packets", seehear_invalid_data()) }
        return packets
    }

    /// The times of the frames that come out of the decoder.
    private static func decoded(
        _ path: String, _ packets: [FrameTable.Packet], tick: Fraction, rates: [Fraction]
    ) throws(MediaError) -> FrameTable {
        let input = try Input(path)
        let decoder = try Decoder(input, try input.videoStream())
        var ticks: [Int64] = []
        var duration: Int64 = 0
        while try decoder.next() {
            guard ticks.count < Limits.packets else {
                throw input.error(
                    .tooLarge, "decode it", "more than \(Limits.packets) frames", "cut the file into pieces")
            }
            let step = duration > 0 ? duration : lastDuration(0, rates, tick)
            let next = ticks.last.map { $0.addingReportingOverflow(step).partialValue } ?? 0
            let given = decoder.frame.pointee.best_effort_timestamp
            // Without a time of its own a frame follows the one before; times never run backwards.
            let value = given == seehear_nopts() ? next : given
            ticks.append(ticks.last.map { max(value, $0 < Int64.max ? $0 + 1 : $0) } ?? value)
            duration = decoder.frame.pointee.pkt_duration
        }
        guard !ticks.isEmpty else {
            throw input.damaged(
                "decode a frame", decoder.lastFailure < 0 ? decoder.lastFailure : seehear_invalid_data())
        }
        return FrameTable(
            packets: packets, followsPackets: false, ticks: ticks, tick: tick,
            lastDuration: lastDuration(duration, rates, tick), candidates: rates)
    }

    /// As declared, otherwise one frame at the declared rate, otherwise one tick.
    private static func lastDuration(_ declared: Int64, _ rates: [Fraction], _ tick: Fraction) -> Int64 {
        if declared > 0, declared < 1 << 32 { return declared }
        guard let rate = rates.first else { return 1 }
        return max(Int64((Fraction(1) / (rate * tick)).floor), 1)
    }
}

extension FrameTable.Packet {
    init(_ packet: UnsafeMutablePointer<AVPacket>) {
        let flags = packet.pointee.flags
        self.init(
            shown: packet.pointee.pts == seehear_nopts() ? nil : packet.pointee.pts,
            decoded: packet.pointee.dts == seehear_nopts() ? nil : packet.pointee.dts,
            duration: packet.pointee.duration,
            isKey: flags & AV_PKT_FLAG_KEY != 0, isHidden: flags & AV_PKT_FLAG_DISCARD != 0)
    }
}
