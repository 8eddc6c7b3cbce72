package import Files
/// Where the files of a run lie, and what they are called.
package struct RunLayout: Sendable, Equatable {
    /// The run directory.
    package let run: String

    /// Makes a layout; nothing is touched.
    package init(run: String) { self.run = run }

    /// The folder of published batches that are not in a shard yet.
    package var segments: String { "\(run)/segments" }
    /// The folder of shards and their records.
    package var shards: String { "\(run)/shards" }
    /// The index of shards that the wids loader reads.
    package var shardList: String { "\(run)/\(Self.shardListName)" }
    /// The table of all samples.
    package var samples: String { "\(run)/\(Self.samplesName)" }

    static let shardListName = "shards.json"
    static let samplesName = "samples.jsonl.zst"

    /// Makes the run directory with its two folders.
    /// - Throws: ``FileError``.
    package func create() throws(FileError) {
        try Directory.create(segments)
        try Directory.create(shards)
    }

    /// Removes the temporary files that dead processes left in the three folders.
    /// - Returns: the names removed.
    /// - Throws: ``FileError``.
    @discardableResult
    package func sweepTemporaryFiles() throws(FileError) -> [String] {
        try TemporaryName.sweep(run) + TemporaryName.sweep(segments) + TemporaryName.sweep(shards)
    }

    /// Removes all temporary files, also those of other hosts: for a run that nobody need work on any more.
    /// - Throws: ``FileError``.
    package func removeTemporaryFiles() throws(FileError) {
        for folder in [run, segments, shards] { try TemporaryName.sweep(folder) { _ in true } }
    }

    // MARK: Names

    /// The sidecar of a batch in ``segments``, which commits the batch.
    package static func sidecarName(batch: Int) -> String { "batch-\(sixDigits(batch)).json" }
    static func segmentName(batch: Int, sha256: String) -> String {
        "batch-\(sixDigits(batch)).\(sha256.prefix(16)).seg"
    }
    static func recordName(shard: Int) -> String { "shard-\(sixDigits(shard)).json" }
    static func rowsName(shard: Int) -> String { "shard-\(sixDigits(shard)).rows.jsonl.zst" }
    static func shardName(_ shard: Int, _ compression: Compression) -> String {
        "shard-\(sixDigits(shard)).\(compression.fileExtension)"
    }

    /// What the name of a file in ``segments`` or ``shards`` says.
    package enum FileKind: Equatable {
        case sidecar(batch: Int)
        case segment(batch: Int)
        case record(shard: Int)
        case rows(shard: Int)
        case shard(Int, Compression)
        case temporary

        /// Recognises a name; nil for one that no part of a run has.
        package init?(_ name: String) {
            if TemporaryName(parsing: name) != nil {
                self = .temporary
                return
            }
            guard let dot = name.firstIndex(of: "."), let dash = name.firstIndex(of: "-"), dash < dot,
                let number = number(sixDigits: name[name.index(after: dash)..<dot])
            else { return nil }
            let rest = name[name.index(after: dot)...]
            switch (name[..<dash], rest) {
            case ("batch", "json"): self = .sidecar(batch: number)
            case ("batch", _) where rest.hasSuffix(".seg") && isHexadecimal(String(rest.dropLast(4)), digits: 16):
                self = .segment(batch: number)
            case ("shard", "json"): self = .record(shard: number)
            case ("shard", "rows.jsonl.zst"): self = .rows(shard: number)
            case ("shard", _):
                guard let compression = Compression.allCases.first(where: { $0.fileExtension == rest }) else {
                    return nil
                }
                self = .shard(number, compression)
            default: return nil
            }
        }
    }
}

/// How shards are stored.
package enum Compression: String, Sendable, Codable, CaseIterable {
    /// `.tar.zst`: one zstd frame for each sample and a seek table.
    case zstd
    /// `.tar`: the same bytes, decompressed.
    case none

    /// The extension of a shard file, without a dot.
    package var fileExtension: String {
        switch self {
        case .zstd: "tar.zst"
        case .none: "tar"
        }
    }
}
