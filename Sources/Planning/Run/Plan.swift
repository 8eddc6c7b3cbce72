internal import Method

/// What a run will make, fixed before anything runs: the rows, and what was counted while they were written.
package struct Plan: Sendable {
    /// Key → batch → shard.
    package let layout: PlanLayout
    package let tally: PlanTally
    package let rows: PlanRows

    /// Plans samples that are all at hand.
    /// - Parameter samples: in plan order; their `index`, `batch` and `shard` are overwritten.
    /// - Throws: `ZstdError` where the compressor fails.
    package init(samples: some Sequence<PlannedSample>, job: Job) throws {
        var writer = PlanWriter<PlannedSample>(.generation(job))
        for sample in samples { try writer.append(sample) }
        self = try writer.finish()
    }

    init(layout: PlanLayout, tally: PlanTally, rows: PlanRows) {
        self.layout = layout
        self.tally = tally
        self.rows = rows
    }
}
