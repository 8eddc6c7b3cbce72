package import Method

/// What is counted while the rows of a plan go by, once, in order.
package struct PlanTally: Sendable, Equatable {
    /// The samples of one task that can be made.
    package struct OfTask: Sendable, Equatable {
        package var samples = 0
        /// Seconds of output.
        package var duration = 0.0
        /// The least and the most frames of a sample; nil where only audio is made.
        package var frames: ClosedRange<Int>?
    }

    /// Rows that were counted.
    package private(set) var samples = 0
    /// Samples that failed before the run began.
    package private(set) var invalid = 0
    /// Of a run that generates: the samples that can be made, by task.
    package private(set) var made: [GenerationTask: OfTask] = [:]
    /// Of a run that generates: the tasks of all samples, those that failed before the run began included.
    package private(set) var tasks: Set<GenerationTask> = []
    /// The work of each batch, in units of ``SampleCost``.
    package private(set) var batchCosts: [Double] = []

    package init() {}

    /// The work of all batches.
    package var expectedCost: Double { batchCosts.reduce(0, +) }

    /// Counts the next sample, whose batch is the last one's or the one after it.
    package mutating func add(_ row: any PlanRow, _ recipe: Recipe) {
        samples += 1
        if row.batch == batchCosts.count { batchCosts.append(0) }
        batchCosts[batchCosts.count - 1] += row.error == nil ? recipe.cost(of: row) : 0.01
        if row.error != nil { invalid += 1 }
        if let sample = row as? PlannedSample { count(sample) }
    }

    private mutating func count(_ sample: PlannedSample) {
        tasks.insert(sample.task)
        guard sample.error == nil else { return }
        var task = made[sample.task] ?? OfTask()
        task.samples += 1
        task.duration += sample.duration
        if let frames = sample.frames {
            task.frames =
                min(task.frames?.lowerBound ?? frames, frames)...max(task.frames?.upperBound ?? frames, frames)
        }
        made[sample.task] = task
    }
}
