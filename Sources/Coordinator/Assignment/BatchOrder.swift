/// How a worker is to do a batch.
package struct BatchOrder: Sendable, Hashable {
    /// The batch's number in the plan.
    package let batch: Int
    /// What else may be in the process meanwhile.
    package let isolation: Isolation
    /// Samples that are not computed but recorded as failed, by index into the plan, with the reason.
    package let excluded: [Int: String]

    /// An order; by default the whole batch together.
    package init(batch: Int, isolation: Isolation = .none, excluded: [Int: String] = [:]) {
        self.batch = batch
        self.isolation = isolation
        self.excluded = excluded
    }

    /// How far a batch is kept apart, so that it is known what ends a process.
    package enum Isolation: UInt8, Sendable, Hashable, CaseIterable {
        /// It may be computed while the one before is encoded and published.
        case none
        /// No other batch is in the process.
        case batch
        /// The same, and its samples are computed one after the other, each begun with a word to the coordinator.
        case samples
    }
}
