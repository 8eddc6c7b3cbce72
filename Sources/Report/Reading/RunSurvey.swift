internal import Planning
internal import Shard

/// Adds up what the samples of a run say of it, in plan order.
struct RunSurvey {
    /// Batches that are told one by one.
    private static let slow = 10

    private var failures: [String: ReportedRun.Failures] = [:]
    private var ranks: [Int: ReportedRun.Rank] = [:]
    private var stages: [String: Double] = [:]
    private var batches: [ReportedRun.Batch] = []
    private var tasks: [String: Int] = [:]
    private var (made, failed, left, measured) = (0, 0, 0, 0)
    private var seconds = 0.0
    /// The batch of the row before, whose time each of its rows tells.
    private var open: (number: Int, key: String, row: SampleRow, samples: Int)?

    mutating func add(_ planned: any PlanRow, _ row: SampleRow?) {
        tasks[planned.listed.task, default: 0] += 1
        guard let row else {
            left += 1
            return
        }
        if let error = row.error {
            failed += 1
            failures[
                error.kind,
                default: .init(kind: error.kind, count: 0, key: row.key, message: error.message)
            ].count += 1
        } else {
            made += 1
        }
        guard row.seconds != nil else { return }
        measured += 1
        if open?.number == planned.batch {
            open?.samples += 1
        } else {
            close()
            open = (planned.batch, row.key, row, 1)
        }
    }

    private mutating func close() {
        guard let batch = open, let spent = batch.row.seconds else { return }
        open = nil
        seconds += spent
        let rank = batch.row.rank ?? 0
        ranks[rank, default: .init(rank: rank, host: batch.row.host ?? "", samples: 0, batches: 0, seconds: 0)]
            .add(samples: batch.samples, seconds: spent)
        for (name, time) in batch.row.stages ?? [:] { stages[name, default: 0] += time }
        batches.append(
            .init(
                number: batch.number, key: batch.key, task: batch.row.task, samples: batch.samples, seconds: spent,
                rank: rank))
        if batches.count > 4 * Self.slow { keepSlowest() }
    }

    private mutating func keepSlowest() {
        batches.sort { ($1.seconds, $0.number) < ($0.seconds, $1.number) }
        batches.removeLast(max(0, batches.count - Self.slow))
    }

    /// Puts what was found into the run.
    consuming func finish(into run: inout ReportedRun) {
        close()
        keepSlowest()
        (run.made, run.failed, run.left, run.tasks) = (made, failed, left, tasks)
        run.failures = failures.values.sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
        run.ranks = ranks.values.sorted { $0.rank < $1.rank }
        run.stages = stages.map { .init(name: $0.key, seconds: $0.value) }
            .sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
        run.slowest = batches
        run.seconds = seconds
        if measured > 0 { run.secondsLeft = seconds / Double(measured) * Double(left) }
    }
}

extension ReportedRun.Rank {
    fileprivate mutating func add(samples: Int, seconds: Double) {
        self.samples += samples
        batches += 1
        self.seconds += seconds
    }
}
