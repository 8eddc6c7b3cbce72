internal import Files
import Synchronization

/// Finds samples by key over all committed shards of a run.
package final class DatasetReader: Sendable {
    /// Where the run's files lie.
    package let layout: RunLayout
    /// The records of all committed shards by ascending number.
    package let records: [CommitRecord]
    /// For each key, the position of its record in ``records``.
    private let places: [String: Int]
    /// The shard read last, since keys are mostly asked for in order.
    private let latest = Mutex<(position: Int, reader: ShardReader)?>(nil)

    /// Reads the records of a run.
    /// - Throws: ``RecordError``, ``FileError``.
    package init(layout: RunLayout) throws {
        self.layout = layout
        records = try DatasetIndex(layout: layout).records()
        var places: [String: Int] = [:]
        for (position, record) in records.enumerated() {
            for frame in record.frames { places[frame.key] = position }
        }
        self.places = places
    }

    /// The keys of all samples in shard order.
    package var keys: [String] { records.flatMap { $0.frames.map(\.key) } }

    /// The sample of a key, or nil if no shard holds it.
    /// - Throws: ``ShardReadError``, ``FileError``.
    package func sample(_ key: String) throws -> Sample? {
        guard let position = places[key] else { return nil }
        return try reader(at: position).sample(key)
    }

    /// Hands what the sample of a key consists of to `body`, piece by piece.
    /// - Returns: false where no shard holds it.
    /// - Throws: what `body` throws, ``ShardReadError``, ``FileError``.
    func forEachEvent(of key: String, _ body: (SampleBlockScanner.Event) throws -> Void) throws -> Bool {
        guard let position = places[key] else { return false }
        return try reader(at: position).forEachEvent(of: key, body)
    }

    /// The reader of the shard at a position of ``records``, which must have samples.
    /// - Throws: ``ShardReadError``, ``FileError``.
    package func reader(at position: Int) throws -> ShardReader {
        if let cached = latest.withLock({ $0 }), cached.position == position { return cached.reader }
        let record = records[position]
        let reader = try ShardReader(path: "\(layout.shards)/\(record.shard)", record: record)
        latest.withLock { $0 = (position, reader) }
        return reader
    }
}
