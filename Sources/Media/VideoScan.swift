import CAV
internal import ClipSampling

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
        let packets = try packets(input, stream)
        let (tick, rates) = try clock(input, stream)
        try checkTimes(packets, input, tick)
        let table: FrameTable
        if let told = packetTable(packets, input, stream, tick, rates) {
            table = told
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

    /// Seconds from the first shown frame to the end of the last, by the packets alone: where they do not tell which frames
    /// are shown, within a frame or two.
    static func length(
        _ packets: [FrameTable.Packet], _ input: Input, _ stream: UnsafeMutablePointer<AVStream>
    ) throws(MediaError) -> Fraction {
        let (tick, rates) = try clock(input, stream)
        try checkTimes(packets, input, tick)
        if let table = packetTable(packets, input, stream, tick, rates) { return table.length }
        let shown = packets.filter { !$0.isHidden }
        let times = Set(shown.compactMap { $0.shown ?? $0.decoded }).sorted()
        let counted = rates.map { Fraction(Int128(shown.count)) / $0 }
        guard let first = times.first, let last = times.last,
            Fraction(ticks: first, of: stream.pointee.time_base) != nil,
            Fraction(ticks: last, of: stream.pointee.time_base) != nil
        else { return counted.first ?? 0 }
        let ending = shown.last { ($0.shown ?? $0.decoded) == last }
        let table = FrameTable(
            packets: packets, followsPackets: false, ticks: times, tick: tick,
            lastDuration: lastDuration(ending?.duration ?? 0, rates, tick), candidates: rates)
        // Program streams give a time to some packets only, and the last frames may be without.
        guard times.count < shown.count else { return table.length }
        return counted.first { $0 > table.length && $0 < table.length + 1 } ?? table.length
    }

    /// Too many frames.
    static func tooMany(_ input: Input) -> MediaError {
        input.error(.tooLarge, "read the packets", "more than \(Limits.packets) frames", "cut the file into pieces")
    }

    /// Seconds in a tick, and the rates that the container declares.
    private static func clock(
        _ input: Input, _ stream: UnsafeMutablePointer<AVStream>
    ) throws(MediaError) -> (tick: Fraction, rates: [Fraction]) {
        guard let tick = Fraction(stream.pointee.time_base), tick > 0 else {
            throw input.error(.corrupt, "read the frame times", "the time base is 0", "remux the file with ffmpeg")
        }
        let rates = [stream.pointee.r_frame_rate, stream.pointee.avg_frame_rate].compactMap { Fraction($0) }
        return (tick, rates.filter { $0 > 0 })
    }

    /// Two recordings joined byte by byte are no clip: the times of the second begin anew.
    private static func checkTimes(
        _ packets: [FrameTable.Packet], _ input: Input, _ tick: Fraction
    ) throws(MediaError) {
        // An edit list may well show things in another order.
        guard !input.format.hasPrefix("mov") else { return }
        guard let jump = FrameTable.jump(in: packets, tick: tick, forward: input.format.hasPrefix("mpeg")) else {
            return
        }
        func seconds(_ ticks: Int64) -> Double { (tick.double * Double(ticks) * 1000).rounded() / 1000 }
        throw input.error(
            .unsupported, "read the frame times",
            "its times jump from \(seconds(jump.from)) s to \(seconds(jump.to)) s: it is several recordings, one behind the other",
            "cut them apart, or write them anew with times that go on: `ffmpeg -i IN OUT.mp4`")
    }

    /// The table by the packets; nil where they do not tell all that is needed.
    private static func packetTable(
        _ packets: [FrameTable.Packet], _ input: Input, _ stream: UnsafeMutablePointer<AVStream>, _ tick: Fraction,
        _ rates: [Fraction]
    ) -> FrameTable? {
        let trusted =
            onePacketOneFrame.contains(stream.pointee.codecpar.pointee.codec_id)
            && ["mov", "matroska", "flv", "mpegts"].contains { input.format.hasPrefix($0) }
            && !(input.format == "mpegts" && isInterlaced(stream))
        guard trusted, FrameTable.isReliable(packets) else { return nil }
        let shown = packets.filter { !$0.isHidden }.sorted { ($0.shown ?? 0) < ($1.shown ?? 0) }
        return FrameTable(
            packets: packets, followsPackets: true, ticks: shown.compactMap(\.shown), tick: tick,
            lastDuration: lastDuration(shown.last?.duration ?? 0, rates, tick), candidates: rates)
    }

    /// In a transport stream each field may come as a packet.
    private static func isInterlaced(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        let order = stream.pointee.codecpar.pointee.field_order
        return order != AV_FIELD_UNKNOWN && order != AV_FIELD_PROGRESSIVE
    }

    private static func packets(
        _ input: Input, _ stream: UnsafeMutablePointer<AVStream>
    ) throws(MediaError) -> [FrameTable.Packet] {
        let reader = try PacketReader(input, [stream])
        var packets: [FrameTable.Packet] = []
        while let packet = reader.next() {
            guard packets.count < Limits.packets else { throw tooMany(input) }
            packets.append(FrameTable.Packet(packet, of: stream))
        }
        guard reader.failure == 0 else { throw input.damaged("read the packets", reader.failure) }
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
            guard ticks.count < Limits.packets else { throw tooMany(input) }
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
    /// - Parameter stream: the packet's.
    init(_ packet: UnsafeMutablePointer<AVPacket>, of stream: UnsafeMutablePointer<AVStream>?) {
        let flags = packet.pointee.flags
        // VP8's alternate references come in packets of their own, which say that they are not shown.
        let isReference =
            stream?.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_VP8 && packet.pointee.size > 0
            && packet.pointee.data[0] & 0x10 == 0
        self.init(
            shown: packet.pointee.pts == seehear_nopts() ? nil : packet.pointee.pts,
            decoded: packet.pointee.dts == seehear_nopts() ? nil : packet.pointee.dts,
            duration: packet.pointee.duration,
            isKey: flags & AV_PKT_FLAG_KEY != 0,
            // An empty packet, as AVI has them where frames were dropped, shows nothing new.
            isHidden: flags & AV_PKT_FLAG_DISCARD != 0 || isReference || packet.pointee.size == 0)
    }
}
