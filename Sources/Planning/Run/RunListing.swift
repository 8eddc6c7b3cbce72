internal import Foundation
internal import Method
internal import Shard

/// What became of each sample of a run.
package struct RunListing: Sendable {
    /// One sample of a run, published or not.
    package struct Entry: Sendable, Equatable, Codable {
        /// What became of a sample.
        package enum State: String, Sendable, Codable {
            /// It stands in a shard, or in a segment that will be part of one.
            case ok
            /// It stands in no shard; the error says why.
            case failed
            /// It is not published yet.
            case pending
        }

        package var index: Int
        package var key: String
        package var task: String
        package var state: State
        /// The file name of its shard, once there is one.
        package var shard: String?
        package var seed: UInt64
        package var prompt: String?
        /// The kind and the sentence of a failed sample's error.
        package var kind: String?
        package var message: String?
    }

    private let run: Run

    /// - Throws: ``RunError`` where the folder is no run.
    package init(_ directory: RunDirectory) throws(RunError) { run = try Run.open(directory) }

    /// Gives every sample in plan order. One shard of them is in memory at a time.
    /// - Throws: ``RunError`` that names the file, or what `body` throws.
    package func forEach(_ body: (Entry) throws -> Void) throws {
        let published = PublishedRows(run)
        for number in 0..<run.layout.shards {
            let shard = run.layout.shard(number)
            let rows: [Int: SampleRow]
            do {
                rows = Dictionary(try published.rows(of: shard).rows.map { ($0.index, $0) }) { first, _ in first }
            } catch {
                throw RunError.unreadable(path: run.directory.url.path, reason: "\(error)")
            }
            for sample in try run.rows.samples(shard.samples) { try body(Self.entry(sample, rows[sample.index])) }
        }
    }

    private static func entry(_ sample: PlannedSample, _ row: SampleRow?) -> Entry {
        var entry = Entry(
            index: sample.index, key: sample.key, task: sample.task.rawValue, state: .pending, seed: sample.seed,
            prompt: sample.prompt)
        if let row {
            entry.state = row.status == .ok ? .ok : .failed
            entry.shard = row.shard
            entry.kind = row.error?.kind
            entry.message = row.error?.message
        }
        return entry
    }
}
