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

    /// All samples, in plan order.
    package let entries: [Entry]

    /// Reads the plan and the rows of everything that is committed.
    /// - Throws: ``RunError`` that names the file.
    package init(_ directory: RunDirectory) throws(RunError) {
        let description = try Run.describe(directory)
        let samples = try description.plan.read(in: directory.url)
        let layout = directory.layout
        var rows: [Int: SampleRow] = [:]
        do {
            let scan = try SegmentStore(layout: layout, configSHA256: description.configSHA256).scan()
            for row in try DatasetIndex(layout: layout).allRows(
                segments: scan.committed.values, samples: samples.count)
            {
                rows[row.index] = row
            }
        } catch {
            throw .unreadable(path: directory.url.path, reason: "\(error)")
        }
        entries = samples.map { sample in
            var entry = Entry(
                index: sample.index, key: sample.key, task: sample.task.rawValue, state: .pending, seed: sample.seed,
                prompt: sample.prompt)
            if let row = rows[sample.index] {
                entry.state = row.status == .ok ? .ok : .failed
                entry.shard = row.shard
                entry.kind = row.error?.kind
                entry.message = row.error?.message
            }
            return entry
        }
    }
}
