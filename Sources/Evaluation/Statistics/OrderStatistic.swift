/// The k-th smallest of many numbers that are not held but seen again and again: each round counts them by the next bits of
/// their pattern, and keeps to the bin in which the k-th lies.
struct OrderStatistic {
    /// Bits that a round settles.
    private static let width = 16

    private var rank: Int
    private var known: UInt64 = 0
    private var bits = 0
    private var counts = [Int](repeating: 0, count: 1 << width)

    /// - Parameter rank: which one, from 0 on.
    init(rank: Int) { self.rank = rank }

    /// - Parameter numbers: not negative, so that the order of their patterns is theirs. All of them, once in each round.
    mutating func see(_ numbers: some Sequence<Double>) {
        let shift = UInt64(64 - bits - Self.width)
        for number in numbers where bits == 0 || number.bitPattern >> UInt64(64 - bits) == known {
            counts[Int(number.bitPattern >> shift & (1 << Self.width - 1))] += 1
        }
    }

    /// Ends a round: whether that was the last.
    mutating func narrowed() -> Bool {
        var bin = 0
        while rank >= counts[bin] {
            rank -= counts[bin]
            bin += 1
        }
        known = known << UInt64(Self.width) | UInt64(bin)
        bits += Self.width
        counts = [Int](repeating: 0, count: 1 << Self.width)
        return bits == 64
    }

    /// After the last round: the number.
    var value: Double { Double(bitPattern: known) }
}
