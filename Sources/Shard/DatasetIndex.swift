package import Files
/// The index over all committed shards: their records, `shards.json` and `samples.jsonl.zst`.
///
/// All calls block on the file system.
package struct DatasetIndex: Sendable {
    /// Where the run's files lie.
    package let layout: RunLayout
    private let faults: FaultHook
    /// Bytes that are read of a table of rows at a time.
    private static let pieceSize = 1 << 20

    /// Makes an index; nothing is touched.
    package init(layout: RunLayout, faults: FaultHook = .none) {
        self.layout = layout
        self.faults = faults
    }

    /// The record of one shard, or nil if it is not committed.
    /// - Throws: ``RecordError``, ``FileError``.
    package func record(shard: Int) throws -> CommitRecord? {
        let name = RunLayout.recordName(shard: shard)
        guard let file = try InputFile.ofRun("\(layout.shards)/\(name)") else { return nil }
        return try CommitRecord(parsing: file.readAll(limit: RecordJSON.maximumLength), name: name)
    }

    /// Whether a shard is committed; its record is opened and not read.
    /// - Throws: ``FileError``.
    package func isCommitted(shard: Int) throws(FileError) -> Bool {
        try InputFile.ofRun("\(layout.shards)/\(RunLayout.recordName(shard: shard))") != nil
    }

    /// The numbers of all committed shards in ascending order.
    /// - Throws: ``FileError``.
    package func shardNumbers() throws(FileError) -> [Int] {
        try Directory.names(in: layout.shards).compactMap { name in
            if case .record(let shard) = RunLayout.FileKind(name) { shard } else { nil }
        }.sorted()
    }

    /// The rows of one committed shard, failed samples included.
    /// - Parameter indices: the indices that its samples can have.
    /// - Throws: as ``forEachRow(shard:indices:_:)`` does.
    package func rows(shard: Int, indices: Range<Int> = 0..<Int.max) throws -> [SampleRow] {
        var rows: [SampleRow] = []
        try forEachRow(shard: shard, indices: indices) { rows.append($0) }
        return rows
    }

    /// Hands every row of one committed shard to `body`, in order; no more than one is in memory at a time.
    /// - Parameter indices: the indices that its samples can have.
    /// - Throws: ``FileError``, ``ZstdError``; ``RecordError`` for a line that is no row, and for one whose index is out of
    ///   range or not above that of the row before; what `body` throws.
    package func forEachRow(
        shard: Int, indices: Range<Int> = 0..<Int.max, _ body: (SampleRow) throws -> Void
    ) throws {
        let name = RunLayout.rowsName(shard: shard)
        let file = try InputFile("\(layout.shards)/\(name)", followingLinks: false)
        let decoder = try ZstdDecoder()
        var splitter = LineSplitter(name: name)
        var lowest = indices.lowerBound
        for offset in stride(from: 0, to: max(1, file.size), by: Self.pieceSize) {
            try decoder.feed(file.read(at: offset, count: min(Self.pieceSize, file.size - offset)))
            while let piece = try decoder.next() {
                splitter.take(piece)
                while let line = try splitter.next() {
                    let row = try SampleRow(parsing: line, name: "\(name) line \(splitter.count)")
                    guard (lowest..<indices.upperBound).contains(row.index) else {
                        throw RecordError(
                            name: "\(name) line \(splitter.count)",
                            problem:
                                "its index is \(row.index) where one from \(lowest) to \(indices.upperBound - 1) was expected"
                        )
                    }
                    lowest = row.index + 1
                    try body(row)
                }
            }
        }
        guard decoder.isAtEnd else { throw ZstdError.truncated }
        try splitter.end()
    }

    /// Writes `shards.json` and `samples.jsonl.zst` anew from the committed shards, each in one step. A run that is not
    /// finished gets the index of what is committed. One record is in memory at a time.
    /// - Throws: ``RecordError``, ``ZstdError``, ``FileError``, ``InjectedFault``.
    package func rebuild() throws {
        var samples = try AtomicFile(folder: layout.run, name: RunLayout.samplesName, faults: faults)
        var shards = ShardList()
        for shard in try shardNumbers() {
            guard let record = try record(shard: shard) else { continue }
            shards.add(record)
            try copyRows(shard: shard, to: &samples)
        }
        _ = try samples.publish(.replaceExisting)
        var list = try AtomicFile(folder: layout.run, name: RunLayout.shardListName, faults: faults)
        try list.write(RecordJSON.encode(shards))
        _ = try list.publish(.replaceExisting)
    }

    private func copyRows(shard: Int, to table: inout AtomicFile) throws {
        let file = try InputFile("\(layout.shards)/\(RunLayout.rowsName(shard: shard))", followingLinks: false)
        // What is no frame, as a file that somebody else made large, is not copied any further.
        let decoder = try ZstdDecoder()
        for offset in stride(from: 0, to: max(1, file.size), by: Self.pieceSize) {
            let piece = try file.read(at: offset, count: min(Self.pieceSize, file.size - offset))
            try decoder.feed(piece)
            while try decoder.next() != nil {}
            try table.write(piece)
        }
        guard decoder.isAtEnd else { throw ZstdError.truncated }
    }
}

/// `shards.json`: the list of shards as the wids loader wants it. Addresses are relative to the file.
struct ShardList: Codable, Equatable {
    struct Entry: Codable, Equatable {
        let url: String
        let nsamples: Int
        let filesize: Int
        let sha256: String
    }

    let kind: String
    let version: Int
    private(set) var shards: [Entry]

    private enum CodingKeys: String, CodingKey {
        case kind = "__kind__"
        case version = "wids_version"
        case shards = "shardlist"
    }

    init() {
        kind = "wids-shard-index-v1"
        version = 1
        shards = []
    }

    /// Lists one more shard, if it has samples: a loader could not open another.
    mutating func add(_ record: CommitRecord) {
        guard record.nsamples > 0 else { return }
        shards.append(
            Entry(
                url: "shards/\(record.shard)", nsamples: record.nsamples, filesize: record.bytes,
                sha256: record.sha256))
    }
}
