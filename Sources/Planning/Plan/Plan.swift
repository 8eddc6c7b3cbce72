package import Method

/// What a run will make: key → batch → shard, fixed before anything runs.
///
/// Samples keep the manifest's order. Shards take `job.shard` samples each, and every shard is cut into batches of
/// `job.batch`, so that the bytes of a shard depend on the plan alone.
package struct Plan: Sendable, Equatable {
    package let samples: [PlannedSample]
    package let batches: [PlannedBatch]
    package let shards: [PlannedShard]

    /// Numbers the samples and cuts them into shards and batches.
    ///
    /// - Parameter samples: In plan order; their `index`, `batch` and `shard` are overwritten.
    package init(samples: [PlannedSample], job: Job) {
        var samples = samples
        var batches: [PlannedBatch] = []
        var shards: [PlannedShard] = []
        for first in stride(from: 0, to: samples.count, by: max(1, job.shard)) {
            let end = min(first + job.shard, samples.count)
            let firstBatch = batches.count
            for start in stride(from: first, to: end, by: max(1, job.batch)) {
                let range = start..<min(start + job.batch, end)
                var cost = 0.0
                for index in range {
                    samples[index].index = index
                    samples[index].batch = batches.count
                    samples[index].shard = shards.count
                    cost += Self.cost(of: samples[index], job: job)
                }
                batches.append(
                    PlannedBatch(number: batches.count, samples: range, shard: shards.count, expectedCost: cost))
            }
            shards.append(
                PlannedShard(
                    number: shards.count, batches: firstBatch..<batches.count, firstIndex: first, count: end - first))
        }
        self.samples = samples
        self.batches = batches
        self.shards = shards
    }

    /// The samples of a batch.
    package func samples(of batch: PlannedBatch) -> ArraySlice<PlannedSample> { samples[batch.samples] }

    /// The number of samples that failed before the run began.
    package var invalidCount: Int { samples.count { $0.error != nil } }

    /// The work of all batches.
    package var expectedCost: Double { batches.reduce(0) { $0 + $1.expectedCost } }

    /// The tasks of the samples that can be made.
    package var tasks: Set<GenerationTask> {
        samples.reduce(into: []) { if $1.error == nil { $0.insert($1.task) } }
    }

    /// The tasks of all samples, those that failed before the run began included.
    package static func tasks(of samples: [PlannedSample]) -> Set<GenerationTask> {
        samples.reduce(into: []) { $0.insert($1.task) }
    }

    /// The work of a sample, in units of ``SampleCost``.
    static func cost(of sample: PlannedSample, job: Job) -> Double {
        guard sample.error == nil else { return 0.01 }
        return SampleCost.of(sample.extent, job.settings(for: sample.task), clips: job.clips)
    }
}
