internal import Foundation
package import Shard

/// Marks failed samples of a run for another attempt: what is recorded of them goes, and the next start of the run does
/// their batches again. What was made with them is made again, with the same bytes; everything else stays.
package struct RunRetry {
    /// What was marked.
    package struct Outcome: Sendable, Equatable, Codable {
        /// Failed samples that will be tried again.
        package var samples = 0
        /// The batches that will be done again.
        package var batches = 0
        /// Samples of those batches that had been made, and will be made again.
        package var made = 0
        /// Shards that were taken apart for it.
        package var shards = 0
        /// Failed samples that cannot be helped: their row was wrong when the run was planned.
        package var hopeless = 0
    }

    private let run: Run

    /// A retry of this run.
    package init(_ run: Run) { self.run = run }

    /// Marks the failed samples that `wanted` accepts. Nobody may be working on the run.
    /// - Throws: ``RunLockError`` where somebody is; errors of the files, which are as they were then, or marked in part.
    package func mark(where wanted: (SampleRow) -> Bool) throws -> Outcome {
        let lock = try RunLock(run.directory)
        defer { withExtendedLifetime(lock) {} }
        let layout = run.directory.layout
        let hash = run.description.configSHA256
        let store = SegmentStore(layout: layout, configSHA256: hash)
        let index = DatasetIndex(layout: layout)
        var outcome = Outcome()
        for shard in run.plan.shards {
            let isCommitted = try index.record(shard: shard.number) != nil
            let rows =
                isCommitted
                ? try index.rows(shard: shard.number, indices: shard.indices)
                : try shard.batches.flatMap { try self.rows(of: $0, in: store) }
            let again = batches(of: rows, in: shard, where: wanted, &outcome)
            guard !again.isEmpty else { continue }
            if isCommitted {
                outcome.shards += 1
                try ShardDismantler(layout: layout, configSHA256: hash).dismantle(
                    shard: shard.number, batches: shard.batches.map { ($0, run.plan.batches[$0].samples) }, again: again
                )
            } else {
                try store.discard(batches: again)
            }
        }
        guard outcome.batches > 0 else { return outcome }
        try? FileManager.default.removeItem(at: run.directory.status)
        try index.rebuild()
        return outcome
    }

    /// The rows of a published batch, which are those of its samples.
    private func rows(of batch: Int, in store: SegmentStore) throws -> [SampleRow] {
        guard let sidecar = try store.sidecar(batch: batch) else { return [] }
        try sidecar.requireIndices(run.plan.batches[batch].samples)
        return sidecar.rows
    }

    private func batches(
        of rows: [SampleRow], in shard: PlannedShard, where wanted: (SampleRow) -> Bool, _ outcome: inout Outcome
    ) -> Set<Int> {
        var again: Set<Int> = []
        for row in rows where row.status == .failed && wanted(row) {
            guard run.plan.samples[row.index].error == nil else {
                outcome.hopeless += 1
                continue
            }
            outcome.samples += 1
            if let batch = shard.batches.first(where: { run.plan.batches[$0].samples.contains(row.index) }) {
                again.insert(batch)
            }
        }
        outcome.batches += again.count
        outcome.made += rows.count { row in
            row.status == .ok && again.contains { run.plan.batches[$0].samples.contains(row.index) }
        }
        return again
    }
}
