internal import Foundation
package import Shard

/// What became of the samples of a run, shard by shard: from the shard's rows, or from its published batches.
struct PublishedRows {
    private let run: Run
    private let store: SegmentStore
    private let index: DatasetIndex

    init(_ run: Run) {
        self.run = run
        store = run.description.segments(in: run.directory.layout)
        index = DatasetIndex(layout: run.directory.layout)
    }

    /// The rows of a shard so far, by ascending index; those of damaged batches, which will be done again, are not among
    /// them.
    /// - Throws: errors of the files.
    func rows(of shard: PlannedShard) throws -> (rows: [SampleRow], isCommitted: Bool) {
        if let rows = try committed(shard) { return (rows, true) }
        let rows = try shard.batches.flatMap { batch in
            do {
                return try store.sidecar(batch: batch)?.rows ?? []
            } catch SegmentError.corrupt {
                return []
            }
        }
        // The shard may have been made while its batches were looked for.
        if rows.count < shard.count, let rows = try committed(shard) { return (rows, true) }
        return (rows.sorted { $0.index < $1.index }, false)
    }

    private func committed(_ shard: PlannedShard) throws -> [SampleRow]? {
        try index.isCommitted(shard: shard.number)
            ? index.rows(shard: shard.number, indices: shard.samples) : nil
    }
}

extension Run {
    /// Gives every sample in plan order with what became of it, nil where nothing is published. One shard of them is in memory
    /// at a time. Blocks.
    /// - Throws: ``RunError`` that names the file, or what `body` throws.
    package func forEachSample(_ body: (any PlanRow, SampleRow?) throws -> Void) throws {
        let published = PublishedRows(self)
        for number in 0..<layout.shards {
            let shard = layout.shard(number)
            let made: [Int: SampleRow]
            do {
                made = Dictionary(try published.rows(of: shard).rows.map { ($0.index, $0) }) { first, _ in first }
            } catch {
                throw RunError.unreadable(path: directory.url.path, reason: "\(error)")
            }
            for sample in try rows.samples(shard.samples) { try body(sample, made[sample.index]) }
        }
    }
}
