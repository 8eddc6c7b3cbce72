import CAV

extension Fraction {
    /// FFmpeg's rational; nil when it is unset (0/0, x/0).
    init?(_ value: AVRational) {
        guard value.den != 0 else { return nil }
        self.init(Int128(value.num), Int128(value.den))
    }

    /// `ticks` of a time base, in seconds; nil for an unset or absurd (2^31 s and more) time.
    init?(ticks: Int64, of base: AVRational) {
        guard ticks != seehear_nopts(), base.num > 0, base.den > 0 else { return nil }
        self.init(Int128(ticks) * Int128(base.num), Int128(base.den))
        guard floor.magnitude < 1 << 31 else { return nil }
    }

    /// As FFmpeg's rational; the nearest one when a part needs more than 31 bits.
    var av: AVRational {
        if let num = Int32(exactly: numerator), let den = Int32(exactly: denominator) {
            return AVRational(num: num, den: den)
        }
        return av_d2q(double, Int32.max)
    }
}
