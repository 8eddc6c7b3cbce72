internal import Foundation
internal import Shard

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

    /// Marks failed samples. Nobody may be working on the run.
    /// - Parameters:
    ///   - kinds: only samples that failed with one of these; empty: with any.
    ///   - keys: only these samples; empty: all.
    /// - Throws: ``RunRetryError`` where one of them stands for no failed sample, and then nothing is marked; ``RunLockError``
    ///   where somebody works; errors of the files, which are as they were then, or marked in part.
    package func mark(kinds: Set<String> = [], keys: Set<String> = []) throws -> Outcome {
        let lock = try RunLock(run.directory)
        defer { withExtendedLifetime(lock) {} }
        try check(kinds, keys)
        let wanted = { (row: SampleRow) in
            (kinds.isEmpty || kinds.contains(row.error?.kind ?? "")) && (keys.isEmpty || keys.contains(row.key))
        }
        let layout = run.directory.layout
        let hash = run.description.configSHA256
        let published = PublishedRows(run)
        var outcome = Outcome()
        for number in 0..<run.layout.shards {
            let shard = run.layout.shard(number)
            let (rows, isCommitted) = try published.rows(of: shard)
            let again = try batches(of: rows, in: shard, where: wanted, &outcome)
            guard !again.isEmpty else { continue }
            if isCommitted {
                outcome.shards += 1
                try ShardDismantler(layout: layout, configSHA256: hash).dismantle(
                    shard: number, batches: shard.batches.map { ($0, run.layout.samples(ofBatch: $0)) }, again: again)
            } else {
                try run.description.segments(in: layout).discard(batches: again)
            }
        }
        guard outcome.batches > 0 else { return outcome }
        try? FileManager.default.removeItem(at: run.directory.status)
        try DatasetIndex(layout: layout).rebuild()
        return outcome
    }

    /// A name that fits nothing is a mistake, and an end with 0 would hide it.
    private func check(_ kinds: Set<String>, _ keys: Set<String>) throws {
        guard !(kinds.isEmpty && keys.isEmpty) else { return }
        let published = PublishedRows(run)
        var there: Set<String> = []
        var failed: Set<String> = []
        for number in 0..<run.layout.shards {
            for row in try published.rows(of: run.layout.shard(number)).rows where row.status == .failed {
                there.insert(row.error?.kind ?? "")
                if keys.contains(row.key) { failed.insert(row.key) }
            }
        }
        if let kind = kinds.subtracting(there).min() { throw RunRetryError.noSuchKind(kind, there: there.sorted()) }
        guard let key = keys.subtracting(failed).min() else { return }
        var isPlanned = false
        try run.rows.forEach { if $0.key == key { isPlanned = true } }
        throw isPlanned ? RunRetryError.hasNotFailed(key) : .noSuchKey(key)
    }

    private func batches(
        of rows: [SampleRow], in shard: PlannedShard, where wanted: (SampleRow) -> Bool, _ outcome: inout Outcome
    ) throws(RunError) -> Set<Int> {
        var again: Set<Int> = []
        for row in rows where row.status == .failed && shard.samples.contains(row.index) && wanted(row) {
            guard try run.rows.samples(row.index..<row.index + 1)[0].error == nil else {
                outcome.hopeless += 1
                continue
            }
            outcome.samples += 1
            again.insert(run.layout.batch(ofSample: row.index))
        }
        outcome.batches += again.count
        outcome.made += rows.count { row in
            row.status == .ok && shard.samples.contains(row.index)
                && again.contains(run.layout.batch(ofSample: row.index))
        }
        return again
    }
}

/// Why failed samples were not marked.
package enum RunRetryError: Error, Sendable, Equatable, CustomStringConvertible {
    case noSuchKind(String, there: [String])
    case noSuchKey(String)
    case hasNotFailed(String)

    package var description: String {
        switch self {
        case .noSuchKind(let kind, let there):
            "--kind \(kind): no sample of the run failed with it; "
                + (there.isEmpty ? "none failed at all" : "the kinds that are there: \(there.joined(separator: ", "))")
        case .noSuchKey(let key): "--key \(key): the run has no such sample; `seehear ls` lists them"
        case .hasNotFailed(let key):
            "--key \(key): the sample has not failed; `seehear ls --failed` lists those that did"
        }
    }
}
