/// How messages of any size travel: in pieces of at most 8 MB, since MPI counts in 32 bits and a piece is allocated
/// before it arrives.
enum Pieces {
    /// Bytes of the largest piece.
    static let largest = 8 << 20
    /// Bytes of the largest message.
    static let largestMessage = 1 << 30

    /// The tag of a piece says whether more follow.
    enum Tag: Int32 {
        case more = 1
        case last = 2
    }

    /// The pieces of a message, in order; an empty message is one empty piece.
    static func split(_ count: Int, largest: Int = largest) -> [(range: Range<Int>, tag: Tag)] {
        guard count > largest else { return [(0..<max(0, count), .last)] }
        return stride(from: 0, to: count, by: largest).map { start in
            let end = min(count, start + largest)
            return (start..<end, end == count ? .last : .more)
        }
    }
}
