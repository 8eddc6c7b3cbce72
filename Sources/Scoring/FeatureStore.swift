package import AVAlign
internal import Evaluation
internal import Files
internal import Foundation
internal import JSON
package import Method
package import Planning
internal import Shard

/// Features that a run has taken, read from its shards.
package struct FeatureStore: Sendable {
    private let run: Run
    private let job: FeatureJob
    private let index: DatasetIndex

    /// - Throws: ``ScoringError`` where the folder holds no features, or not all of them yet.
    package init(_ directory: RunDirectory) throws(ScoringError) {
        do throws(RunError) {
            run = try Run.open(directory)
        } catch {
            throw .features(error.description)
        }
        guard case .features(let job) = run.description.recipe else { throw .noFeatures(path: directory.url.path) }
        self.job = job
        index = DatasetIndex(layout: directory.layout)
        let committed: Int
        do {
            committed = try index.shardNumbers().count
        } catch {
            throw .features(error.description)
        }
        guard committed == run.layout.shards else {
            throw .unfinished(path: directory.url.path, shards: committed, of: run.layout.shards)
        }
    }

    /// Whether a feature of a side was taken.
    package func has(_ feature: Feature, of side: FeatureJob.Side) -> Bool { job.features(of: side).contains(feature) }

    /// The place that a side's samples were taken from.
    package func path(of side: FeatureJob.Side) -> String? { job.sources.first { $0.side == side }?.path }

    /// What decides a feature's values.
    package func identity(of feature: Feature) -> FeatureIdentity {
        let role = feature.model?.name
        let files = run.description.models.first { $0.role == role }?.files ?? []
        return FeatureIdentity(
            feature: feature.description,
            checkpoint: Dictionary(files.map { ($0.name, $0.sha256 ?? "") }) { first, _ in first })
    }

    /// What decides the values of features that are compared with each other.
    package func identity(of features: [Feature]) -> FeatureIdentity {
        let all = features.map(identity)
        return FeatureIdentity(
            feature: all.map(\.feature).joined(separator: " with "),
            checkpoint: all.reduce(into: [:]) { $0.merge($1.checkpoint) { first, _ in first } })
    }

    /// One kind of values of all of a side's samples that have them.
    /// - Parameters:
    ///   - logits: a classifier's logits and not its features.
    /// - Throws: ``ScoringError`` that names the shard.
    package func rows(_ feature: Feature, of side: FeatureJob.Side, logits: Bool = false) throws(ScoringError)
        -> FeatureShards
    {
        let member = "\(feature.member)\(logits ? ".logits" : "").npy"
        var shards: [FeatureShards.Shard] = []
        var columns: Int?
        try forEachShard { samples throws(ScoringError) in
            var (names, values): ([String], [Double]) = ([], [])
            for (record, sample) in samples where record.side == side {
                guard let bytes = sample.members[member] else { continue }
                let (rows, width, numbers) = try Self.values(bytes, "\(sample.key).\(member)")
                guard columns ?? width == width else {
                    throw .damaged(
                        "\(sample.key).\(member) has \(width) values in a row, and others have \(columns ?? 0)")
                }
                columns = width
                names += repeatElement(record.name, count: rows)
                values += numbers
            }
            shards.append(
                FeatureShards.Shard(
                    names: names, values: Matrix(rows: names.count, columns: columns ?? 0, values: values)))
        }
        // Shards before the first one with a row did not know how wide one is.
        let width = columns ?? 0
        return FeatureShards(
            identity: identity(of: feature),
            shards: shards.map { shard in
                shard.values.rows > 0
                    ? shard : FeatureShards.Shard(names: [], values: Matrix(rows: 0, columns: width))
            })
    }

    /// When something happens in a side's samples, by name, in their order.
    /// - Throws: ``ScoringError``.
    package func peaks(of side: FeatureJob.Side) throws(ScoringError) -> [(name: String, peaks: AVAlignTimes)] {
        var found: [(name: String, peaks: AVAlignTimes)] = []
        try forEachShard { samples throws(ScoringError) in
            for (record, sample) in samples where record.side == side {
                guard let bytes = sample.members["\(Feature.peaks.member).json"] else { continue }
                do throws(JSONDecodingError) {
                    found.append((record.name, try JSONCoding.decode(AVAlignTimes.self, from: bytes)))
                } catch {
                    throw .damaged("\(sample.key).\(Feature.peaks.member).json: \(error)")
                }
            }
        }
        return found
    }

    /// What is known of each of a side's samples, and those that could not be read at all with the reason.
    /// - Throws: ``ScoringError``.
    package func records(
        of side: FeatureJob.Side
    ) throws(ScoringError) -> (read: [FeatureRecord], failed: [(name: String, reason: String)]) {
        var (read, failed): ([FeatureRecord], [(name: String, reason: String)]) = ([], [])
        try forEachShard { samples throws(ScoringError) in
            read += samples.map(\.record).filter { $0.side == side }
        }
        do {
            for number in 0..<run.layout.shards {
                let planned = try run.rows.samples(run.layout.shard(number).samples)
                    .compactMap { $0 as? EvaluatedSample }
                let names = Dictionary(planned.map { ($0.index, $0) }) { first, _ in first }
                for row in try index.rows(shard: number) {
                    guard let error = row.error, let sample = names[row.index], sample.side == side else { continue }
                    failed.append((sample.name, error.message))
                }
            }
        } catch {
            throw .features("\(error)")
        }
        return (read, failed)
    }

    // MARK: - Shards

    /// Hands over the samples of each shard, with what is known of them; one shard is in memory at a time.
    private func forEachShard(
        _ body: ([(record: FeatureRecord, sample: Sample)]) throws(ScoringError) -> Void
    ) throws(ScoringError) {
        for number in 0..<run.layout.shards {
            var samples: [(record: FeatureRecord, sample: Sample)] = []
            do {
                if let record = try index.record(shard: number), record.nsamples > 0 {
                    let reader = try ShardReader(path: "\(index.layout.shards)/\(record.shard)", record: record)
                    try reader.forEach { sample in
                        let known = try JSONCoding.decode(FeatureRecord.self, from: sample.members["json"] ?? [])
                        samples.append((known, sample))
                    }
                }
            } catch {
                throw .features("\(error)")
            }
            try body(samples)
        }
    }

    /// The rows of an array `[values]` or `[rows, values]`.
    private static func values(
        _ bytes: [UInt8], _ name: String
    ) throws(ScoringError) -> (rows: Int, columns: Int, values: [Double]) {
        let array: NPYArray
        do throws(NPYError) {
            array = try NPYArray(parsing: bytes)
        } catch {
            throw .damaged("\(name): \(error)")
        }
        guard let table = FeatureTable(array) else {
            throw .damaged(
                "\(name) is an array \(array.shape) of \(array.dtype.rawValue), and not [values] or [rows, values]")
        }
        return (table.rows, table.columns, table.values)
    }
}
