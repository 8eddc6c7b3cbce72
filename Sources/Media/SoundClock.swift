/// Follows the times of a sound, piece by piece, and tells what a player does between two pieces.
///
/// Times are ticks of the stream. They jitter, so that a small step is none; a gap is a pause; and times that begin anew,
/// as where recordings were joined, say nothing of what lies between: the sound plays on.
struct SoundClock {
    /// What lies between a piece and the one before.
    enum Step: Equatable {
        /// The sound goes on; its time is off by so many ticks, of no account.
        case on(Int64)
        /// Nothing is heard for so many ticks.
        case silence(Int64)
        /// Times begin anew.
        case anew
    }

    /// Ticks in a second, at least 1.
    private let second: Int64
    /// When the next piece is due; nil before the first.
    private var due: Int64?

    init(ticksPerSecond second: Int64) { self.second = max(second, 1) }

    /// A piece begins, at a time if it has one, and lasts so many ticks.
    mutating func piece(at time: Int64?, lasting duration: Int64) -> Step {
        let begin = time ?? due ?? 0
        defer { due = begin.addingReportingOverflow(max(duration, 0)).partialValue }
        guard let due else { return .on(0) }
        let (gap, overflow) = begin.subtractingReportingOverflow(due)
        // A quarter of a second is more than jitter; ten seconds, or one back, are no pause.
        if overflow || gap > 10 * second || gap < -second { return .anew }
        return gap > second / 4 ? .silence(gap) : .on(gap)
    }
}
