package import Files
import JSON
/// Takes a committed shard apart again, so that some of its batches can be done anew and the others need not.
///
/// The batches that stay are published as segments, with the bytes that they had, before the shard's record goes. A process
/// that dies in between leaves the shard as it was, with segments beside it that the next start removes. All calls block.
package struct ShardDismantler: Sendable {
    private let layout: RunLayout
    private let configSHA256: String
    private let faults: FaultHook

    /// Makes a dismantler; nothing is touched.
    package init(layout: RunLayout, configSHA256: String, faults: FaultHook = .none) {
        self.layout = layout
        self.configSHA256 = configSHA256
        self.faults = faults
    }

    /// Takes one shard apart. The run's lock must be held.
    /// - Parameters:
    ///   - batches: what the plan puts into the shard: each batch with the indices of its samples.
    ///   - again: the batches that are to be done anew.
    /// - Throws: ``ShardError``, ``ShardReadError``, ``SegmentError``, ``RecordError``, ``FileError``; nothing is lost then.
    package func dismantle(shard: Int, batches: [(number: Int, samples: Range<Int>)], again: Set<Int>) throws {
        let index = DatasetIndex(layout: layout)
        guard let record = try index.record(shard: shard) else { return }
        guard record.configSHA256 == configSHA256 else {
            throw ShardError.foreignJob(shard: shard, found: record.configSHA256, expected: configSHA256)
        }
        let rows = Dictionary(
            try index.rows(shard: shard, indices: record.indices).map { ($0.index, $0) },
            uniquingKeysWith: { first, _ in first })
        let reader =
            record.nsamples > 0 ? try ShardReader(path: "\(layout.shards)/\(record.shard)", record: record) : nil
        let store = SegmentStore(layout: layout, configSHA256: configSHA256, faults: faults)
        for batch in batches where !again.contains(batch.number) {
            let own = try batch.samples.map { sample in
                guard var row = rows[sample] else {
                    throw ShardError.damaged(shard: shard, problem: "its rows lack the sample of index \(sample)")
                }
                (row.shard, row.offset) = (nil, nil)
                return row
            }
            let samples = try own.filter { $0.status == .ok }.map { row in
                guard let sample = try reader?.sample(row.key) else {
                    throw ShardError.damaged(shard: shard, problem: "its record lacks \(quoted(row.key))")
                }
                return sample
            }
            _ = try store.publish(
                EncodedSegment(batch: batch.number, configSHA256: configSHA256, samples: samples, rows: own))
        }
        let name = RunLayout.recordName(shard: shard)
        try faults.pass(.remove, name)
        try Directory.remove("\(layout.shards)/\(name)")
        try Directory.synchronize(layout.shards)
        for name in [RunLayout.rowsName(shard: shard), record.shard] {
            try Directory.remove("\(layout.shards)/\(name)")
        }
    }
}
