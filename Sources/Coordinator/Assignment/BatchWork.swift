/// One batch that is still to be done, as the assignment sees it: a number of the plan and what it is expected to cost.
package struct BatchWork: Sendable, Hashable {
    /// The batch's number in the plan, 0 or more.
    package let number: Int
    /// What the batch is expected to cost, in any unit that is the same for all batches of a run; more is assigned
    /// first. A value that is not finite counts as 0.
    package let expectedCost: Double
    /// Samples in the batch; progress counts them, the assignment does not look at them.
    package let samples: Int

    /// A batch with its expected cost and number of samples.
    package init(number: Int, expectedCost: Double, samples: Int = 1) {
        self.number = number
        self.expectedCost = expectedCost.isFinite ? expectedCost : 0
        self.samples = samples
    }

    /// Whether this batch is assigned before `other`: longest expected first, ties by number.
    func precedes(_ other: BatchWork) -> Bool {
        expectedCost != other.expectedCost ? expectedCost > other.expectedCost : number < other.number
    }
}
