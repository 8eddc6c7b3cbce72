/// The numbers of the assignment policy.
package struct AssignmentPolicy: Sendable, Hashable {
    /// Attempts at a batch after which it is recorded as failed, 1 or more.
    package var maximumAttempts: Int
    /// An outstanding batch is late when it is older than this many median durations.
    package var tailFactor: Double
    /// Ranks that may hold the same batch at the same time, 1 (never re-issue) or more.
    package var maximumCopies: Int

    /// Three attempts, late after three median durations, two copies.
    package init(maximumAttempts: Int = 3, tailFactor: Double = 3, maximumCopies: Int = 2) {
        self.maximumAttempts = max(1, maximumAttempts)
        self.tailFactor = tailFactor
        self.maximumCopies = max(1, maximumCopies)
    }
}
