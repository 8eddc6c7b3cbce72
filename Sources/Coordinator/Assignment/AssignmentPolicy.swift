/// The numbers of the assignment policy.
package struct AssignmentPolicy: Sendable, Hashable {
    /// Attempts at a batch after which it is recorded as failed, or, where it took workers down, done sample by sample; 1 or
    /// more.
    package var maximumAttempts: Int
    /// Processes that a sample may end while it runs alone, before it is recorded as failed; 1 or more.
    package var maximumLossesAlone: Int
    /// An outstanding batch is late when it is older than this many median durations.
    package var tailFactor: Double
    /// Ranks that may hold the same batch at the same time, 1 (never re-issue) or more.
    package var maximumCopies: Int

    /// Three attempts, two losses alone, late after three median durations, two copies.
    package init(
        maximumAttempts: Int = 3, maximumLossesAlone: Int = 2, tailFactor: Double = 3, maximumCopies: Int = 2
    ) {
        self.maximumAttempts = max(1, maximumAttempts)
        self.maximumLossesAlone = max(1, maximumLossesAlone)
        self.tailFactor = tailFactor
        self.maximumCopies = max(1, maximumCopies)
    }
}
