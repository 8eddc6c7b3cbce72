/// How a worker is to do a batch.
package struct BatchOrder: Sendable, Hashable {
    /// The batch's number in the plan.
    package let batch: Int
    /// Whether the samples are computed one after the other, each begun with a word to the coordinator, so that it is known
    /// which one ends its process.
    package let alone: Bool
    /// Samples that are not computed but recorded as failed, by index into the plan, with the reason.
    package let excluded: [Int: String]

    /// An order; by default the whole batch together.
    package init(batch: Int, alone: Bool = false, excluded: [Int: String] = [:]) {
        self.batch = batch
        self.alone = alone
        self.excluded = excluded
    }
}
