import CAV
internal import ClipSampling

/// How long the picture and the sound of a file last, by what is shown and heard: in every container by the packets, whose
/// times need not begin at 0, and not by what its header says of itself. Nothing is decoded.
struct StreamLengths {
    /// Seconds from the first shown frame to the end of the last; nil where there is no video that can be used.
    private(set) var picture: Fraction?
    /// Why the video cannot be used; nil where it can.
    private(set) var pictureFault: MediaError?
    /// Seconds to the end of the sound, from the first shown frame where there is a video, otherwise from the first sample;
    /// 0 where no sample comes. Nil where there is no audio that can be used.
    private(set) var sound: Fraction?
    /// Why the audio cannot be used; nil where it can.
    private(set) var soundFault: MediaError?

    /// Reads all packets, except of an mp4 whose index tells the same.
    init(_ input: Input) {
        let video = Self.attempt(&pictureFault) { () throws(MediaError) in try input.videoStream() }
        let audio = Self.attempt(&soundFault) { () throws(MediaError) in try input.audioStream() }
        if let length = video.flatMap({ Self.indexed($0, input) }) { picture = length }
        if let length = audio.flatMap({ Self.indexed(sound: $0, input) }) { sound = length }
        let streams = [picture == nil ? video : nil, sound == nil ? audio : nil].compactMap { $0 }
        guard !streams.isEmpty else { return }
        read(input, picture == nil ? video : nil, sound == nil ? audio : nil)
    }

    private static func attempt<Value>(_ fault: inout MediaError?, _ body: () throws(MediaError) -> Value) -> Value? {
        do throws(MediaError) {
            return try body()
        } catch {
            fault = error
            return nil
        }
    }

    private mutating func read(
        _ input: Input, _ video: UnsafeMutablePointer<AVStream>?, _ audio: UnsafeMutablePointer<AVStream>?
    ) {
        do throws(MediaError) {
            let reader = try PacketReader(input, [video, audio].compactMap { $0 })
            var packets: [FrameTable.Packet] = []
            var heard = audio.map { HeardLength($0) }
            while let packet = reader.next() {
                if packet.pointee.stream_index == audio?.pointee.index {
                    heard?.add(packet)
                } else if packets.count < Limits.packets {
                    packets.append(FrameTable.Packet(packet, of: video))
                } else {
                    throw VideoScan.tooMany(input)
                }
            }
            sound = heard?.end(from: input.timeZero)
            guard let video else { return }
            if reader.failure < 0 || packets.isEmpty {
                let status = reader.failure < 0 ? reader.failure : seehear_invalid_data()
                throw input.damaged("read the packets", status)
            }
            picture = try VideoScan.length(packets, input, video)
        } catch {
            if video != nil { pictureFault = error } else { soundFault = error }
        }
    }

    /// The length of an mp4's video as its header has it, where its index agrees.
    private static func indexed(_ video: UnsafeMutablePointer<AVStream>, _ input: Input) -> Fraction? {
        let base = video.pointee.time_base
        guard input.isIndexed, let length = Fraction(ticks: video.pointee.duration, of: base), length > 0 else {
            return nil
        }
        let shown = (0..<avformat_index_get_entries_count(video)).compactMap { i in
            avformat_index_get_entry(video, i).flatMap {
                $0.pointee.flags & AVINDEX_DISCARD_FRAME == 0 ? $0.pointee.timestamp : nil
            }
        }
        guard shown.count > 1, let first = shown.min(), let last = shown.max(),
            let span = Fraction(ticks: last.subtractingReportingOverflow(first).partialValue, of: base)
        else { return nil }
        // The index does not say how long the last frame is shown: about as long as the others.
        let frame = span / Fraction(Int128(shown.count - 1))
        let rest = length - span
        return rest >= 0 && rest <= frame * 2 + Fraction(1, 10) ? length : nil
    }

    /// The end of an mp4's audio by its header.
    private static func indexed(sound audio: UnsafeMutablePointer<AVStream>, _ input: Input) -> Fraction? {
        let base = audio.pointee.time_base
        guard input.isIndexed, let start = Fraction(ticks: audio.pointee.start_time, of: base),
            let length = Fraction(ticks: audio.pointee.duration, of: base), length > 0
        else { return nil }
        return max(start - (input.timeZero ?? start) + length, 0)
    }
}

/// How long a sound is heard, by its packets.
private struct HeardLength {
    private let base: AVRational
    private let parameters: UnsafeMutablePointer<AVCodecParameters>
    private var clock: SoundClock
    /// When the first sample is heard, in ticks; nil before the first packet.
    private var first: Int64?
    /// Ticks that are heard.
    private var heard: Int64 = 0

    init(_ stream: UnsafeMutablePointer<AVStream>) {
        base = stream.pointee.time_base
        parameters = stream.pointee.codecpar
        clock = SoundClock(ticksPerSecond: Self.ticks(1, per: 1, base))
    }

    mutating func add(_ packet: UnsafeMutablePointer<AVPacket>) {
        let rate = Int64(parameters.pointee.sample_rate)
        let time = packet.pointee.pts == seehear_nopts() ? nil : packet.pointee.pts
        let (skipped, cut) = Self.skip(packet)
        var duration = packet.pointee.duration
        if cut > 0 {
            // Some containers have taken what is cut off from the duration already.
            let samples = Int64(av_get_audio_frame_duration2(parameters, packet.pointee.size))
            if samples > 0 { duration = min(duration, Self.ticks(max(samples - cut, 0), per: rate, base)) }
        }
        let step = clock.piece(at: time, lasting: duration)
        let begin = Self.ticks(skipped, per: rate, base)
        if first == nil { first = (time ?? 0).addingReportingOverflow(begin).partialValue }
        var change = duration - begin
        switch step {
        case .on(let ticks), .silence(let ticks): change += ticks
        case .anew: break
        }
        heard = heard.addingReportingOverflow(change).partialValue
    }

    /// Seconds from time 0, or from the first sample where there is none; 0 where nothing came.
    func end(from zero: Fraction?) -> Fraction {
        guard let first, let length = Fraction(ticks: max(heard, 0), of: base) else { return 0 }
        guard let zero, let begin = Fraction(ticks: first, of: base) else { return length }
        return max(begin - zero + length, 0)
    }

    private static func ticks(_ count: Int64, per rate: Int64, _ base: AVRational) -> Int64 {
        guard count > 0, rate > 0, base.num > 0 else { return 0 }
        return av_rescale(count, Int64(base.den), rate * Int64(base.num))
    }

    /// Samples that the decoder leaves out, at the beginning and at the end of a packet.
    private static func skip(_ packet: UnsafeMutablePointer<AVPacket>) -> (Int64, Int64) {
        var size = 0
        guard let data = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, &size), size >= 8 else {
            return (0, 0)
        }
        func number(_ at: Int) -> Int64 { (0..<4).reduce(0) { $0 | Int64(data[at + $1]) << (8 * Int64($1)) } }
        return (number(0), number(4))
    }
}
