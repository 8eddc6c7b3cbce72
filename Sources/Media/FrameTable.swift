internal import ClipSampling

/// When each frame of a video is shown, and where its packets lie: pure data, filled by ``VideoScan``.
struct FrameTable: Sendable {
    /// One packet of the video stream, in the order of the file.
    struct Packet: Sendable, Equatable {
        /// When it is shown, in ticks of the stream's time base; nil where the container does not tell.
        var shown: Int64?
        /// When it is decoded, in the same ticks; nil where the container does not tell.
        var decoded: Int64?
        /// For how long it is shown, in ticks; 0 where unknown.
        var duration: Int64
        /// Whether decoding can start here.
        var isKey: Bool
        /// Whether it is not shown: an edit list hides it, or it is decoded for others only.
        var isHidden: Bool
    }

    /// Packets in the order of the file.
    let packets: [Packet]
    /// Whether ``ticks`` are the times of the packets; otherwise they were found by decoding, and packets and frames do
    /// not correspond.
    let followsPackets: Bool
    /// Ticks of the shown frames, strictly ascending, as in the file (not starting at 0); never empty.
    let ticks: [Int64]
    /// Seconds in one tick.
    let tick: Fraction
    /// Ticks for which the last frame is shown, at least 1.
    let lastDuration: Int64

    /// The frame rate, where each frame lies within one tick of k / rate; nil for a variable one.
    let rate: Fraction?

    init(
        packets: [Packet], followsPackets: Bool, ticks: [Int64], tick: Fraction, lastDuration: Int64,
        candidates: [Fraction]
    ) {
        self.packets = packets
        self.followsPackets = followsPackets
        self.ticks = ticks
        self.tick = tick
        self.lastDuration = lastDuration
        self.rate = candidates.first { Self.fits($0, ticks: ticks, tick: tick) }
    }

    /// Seconds from the first frame.
    func time(_ index: Int) -> Fraction { tick * Fraction(Int128(ticks[index] - ticks[0])) }

    /// Seconds from the first frame to the end of the last.
    var duration: Fraction { tick * Fraction(Int128(ticks[ticks.count - 1] - ticks[0] + lastDuration)) }

    /// Seconds that a player shows it: frames / rate where the rate is constant, as the reference has it.
    var length: Fraction { rate.map { Fraction(Int128(ticks.count)) / $0 } ?? duration }

    /// The frames with start ≤ t < start + duration, and where the window ends, in seconds from the first frame. A window
    /// between two frames of a slow video holds the one that is shown then.
    ///
    /// - Throws: `outOfRange` when `start` lies at or past the end, or `duration` is not positive.
    func window(
        start: Fraction, duration: Fraction?, path: String
    ) throws(MediaError) -> (frames: Range<Int>, stop: Fraction) {
        let end = self.duration
        guard start >= 0, start < end, duration.map({ $0 > 0 }) ?? true else {
            let asked = duration.map { "\($0.double) s from \(start.double) s" } ?? "from \(start.double) s"
            throw MediaError(
                .outOfRange, file: path, doing: "cut the clip", found: "\(asked) of \(end.double) s",
                remedy: "choose a start and a duration inside of the clip")
        }
        let stop = duration.map { $0 < end ? min(start + $0, end) : end } ?? end
        let all = ticks.indices.map(time)
        let first = ClipTimes.firstIndex(in: all, notBefore: start)
        let last = ClipTimes.firstIndex(in: all, notBefore: stop)
        return (first < last ? first..<last : max(first - 1, 0)..<max(first, 1), stop)
    }

    /// Whether packet times tell all that is needed: each present and unique, the first a key frame, nothing shown
    /// before it (such leading pictures cannot be decoded and are not shown).
    static func isReliable(_ packets: [Packet]) -> Bool {
        guard let first = packets.first, first.isKey, let start = first.shown else { return false }
        var seen = Set<Int64>()
        for packet in packets {
            guard let shown = packet.shown, shown >= start || packet.isHidden, seen.insert(shown).inserted else {
                return false
            }
        }
        return packets.contains { !$0.isHidden }
    }

    /// Where the times of packets, in the order of the file, begin anew: the ticks before and after; nil where they go on.
    /// - Parameter forward: Whether a step of ten seconds forward is a new beginning too.
    static func jump(in packets: [Packet], tick: Fraction, forward: Bool) -> (from: Int64, to: Int64)? {
        func ticks(_ seconds: Fraction) -> Int64 { Int64(clamping: (seconds / tick).floor) }
        // Within a tenth of a second the clocks of some recorders go back and forth.
        let (back, ahead) = (ticks(Fraction(1, 10)), ticks(10))
        var decoded: Int64?
        var latest: Int64?
        for packet in packets {
            if let now = packet.decoded {
                if let last = decoded {
                    let (step, overflow) = now.subtractingReportingOverflow(last)
                    if overflow || step < -back || forward && step > ahead { return (last, now) }
                }
                decoded = now
            }
            guard let shown = packet.shown else { continue }
            // What is decoded behind a key frame is shown behind all that was decoded before it.
            if packet.isKey, let latest, shown.addingReportingOverflow(back).partialValue < latest {
                return (latest, shown)
            }
            latest = max(latest ?? shown, shown)
        }
        return nil
    }

    /// For each shown frame the index of the packet from which decoding has to start: the last key frame in the order
    /// of the file that is not shown after it.
    func keys() -> [Int] {
        var keys: [(shown: Int64, index: Int)] = []
        for (index, packet) in packets.enumerated() where packet.isKey {
            if let shown = packet.shown { keys.append((shown, index)) }
        }
        guard !keys.isEmpty else { return [Int](repeating: 0, count: ticks.count) }
        keys.sort { $0.shown < $1.shown }
        var at = 0
        return ticks.map { tick in
            while at + 1 < keys.count, keys[at + 1].shown <= tick { at += 1 }
            return keys[at].shown <= tick ? keys[at].index : 0
        }
    }

    private static func fits(_ rate: Fraction, ticks: [Int64], tick: Fraction) -> Bool {
        guard rate > 0, let first = ticks.first else { return false }
        // |ticks·tick − k/rate| ≤ tick, multiplied out so that whole numbers are compared.
        let period = Fraction(1) / (rate * tick)
        guard period.numerator < 1 << 62, period.denominator < 1 << 62 else { return false }
        return ticks.enumerated().allSatisfy { k, value in
            let (offset, overflow) = value.subtractingReportingOverflow(first)
            guard !overflow else { return false }
            let error = Int128(offset) * period.denominator - Int128(k) * period.numerator
            return error.magnitude <= period.denominator.magnitude
        }
    }
}
