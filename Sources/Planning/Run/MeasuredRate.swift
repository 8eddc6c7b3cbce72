internal import Foundation
internal import Shard

/// How fast an earlier run was, to tell how long a planned one takes.
package struct MeasuredRate: Sendable, Equatable {
    /// Work done per second by one worker, in the unit of ``PlannedBatch/expectedCost``.
    package let costPerSecond: Double
    /// Ranks that made samples.
    package let workers: Int

    package init(costPerSecond: Double, workers: Int) {
        self.costPerSecond = costPerSecond
        self.workers = workers
    }

    /// Measures a run by the times in its rows; nil where no batch with a time is committed.
    /// - Throws: ``RunError``.
    package init?(of directory: RunDirectory) throws(RunError) {
        let run = try Run.open(directory)
        var seconds: [Int: Double] = [:]
        var ranks: Set<Int> = []
        do {
            let scan = try SegmentStore(
                layout: directory.layout, configSHA256: run.description.configSHA256
            ).scan()
            let rows = try DatasetIndex(layout: directory.layout).allRows(
                segments: scan.committed.values, samples: run.plan.samples.count)
            for row in rows where run.plan.samples.indices.contains(row.index) {
                guard let time = row.seconds, time > 0 else { continue }
                // Every row of a batch states the batch's time.
                seconds[run.plan.samples[row.index].batch] = time
                if let rank = row.rank { ranks.insert(rank) }
            }
        } catch {
            throw .unreadable(path: directory.url.path, reason: "\(error)")
        }
        let time = seconds.values.reduce(0, +)
        guard time > 0 else { return nil }
        costPerSecond = seconds.keys.reduce(0) { $0 + run.plan.batches[$1].expectedCost } / time
        workers = max(1, ranks.count)
    }

    /// Seconds that a plan takes with as many workers as the measured run had.
    package func seconds(for plan: Plan) -> Double { plan.expectedCost / (costPerSecond * Double(workers)) }
}
