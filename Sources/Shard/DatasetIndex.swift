package import Files
/// The index over all committed shards: their records, `shards.json` and `samples.jsonl.zst`.
///
/// All calls block on the file system.
package struct DatasetIndex: Sendable {
    /// Where the run's files lie.
    package let layout: RunLayout
    private let faults: FaultHook
    /// The most bytes that the rows of one shard, or of the dataset, may have when they are read.
    static let maximumRows = 1 << 32

    /// Makes an index; nothing is touched.
    package init(layout: RunLayout, faults: FaultHook = .none) {
        self.layout = layout
        self.faults = faults
    }

    /// The record of one shard, or nil if it is not committed.
    /// - Throws: ``RecordError``, ``FileError``.
    package func record(shard: Int) throws -> CommitRecord? {
        let name = RunLayout.recordName(shard: shard)
        let path = "\(layout.shards)/\(name)"
        guard Directory.fileSize(path) != nil else { return nil }
        return try CommitRecord(parsing: InputFile(path).readAll(limit: RecordJSON.maximumLength), name: name)
    }

    /// The records of all committed shards by ascending number.
    /// - Throws: ``RecordError``, ``FileError``.
    package func records() throws -> [CommitRecord] {
        try shardNumbers().compactMap(record(shard:))
    }

    /// The numbers of all committed shards in ascending order.
    func shardNumbers() throws(FileError) -> [Int] {
        try Directory.names(in: layout.shards).compactMap { name in
            if case .record(let shard) = RunLayout.FileKind(name) { shard } else { nil }
        }.sorted()
    }

    /// The rows of one committed shard, failed samples included.
    /// - Throws: ``FileError``, ``ZstdError``, ``RecordError``.
    package func rows(shard: Int) throws -> [SampleRow] {
        let name = RunLayout.rowsName(shard: shard)
        let lines = try ZstdFrame.decompressAll(rowsFrame(shard: shard), limit: Self.maximumRows)
        return try SampleRow.parse(lines: lines, name: name)
    }

    /// The compressed rows of one shard.
    func rowsFrame(shard: Int) throws -> [UInt8] {
        try InputFile("\(layout.shards)/\(RunLayout.rowsName(shard: shard))").readAll(limit: Self.maximumRows)
    }

    /// Writes `shards.json` and `samples.jsonl.zst` anew from the committed shards, each in one step. A run that is not
    /// finished gets the index of what is committed.
    /// - Throws: ``RecordError``, ``FileError``, ``InjectedFault``.
    package func rebuild() throws {
        let records = try records()
        var samples = try AtomicFile(folder: layout.run, name: RunLayout.samplesName, faults: faults)
        for record in records { try samples.write(rowsFrame(shard: record.number)) }
        _ = try samples.publish(.replaceExisting)
        var list = try AtomicFile(folder: layout.run, name: RunLayout.shardListName, faults: faults)
        try list.write(RecordJSON.encode(ShardList(records)))
        _ = try list.publish(.replaceExisting)
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
    let shards: [Entry]

    private enum CodingKeys: String, CodingKey {
        case kind = "__kind__"
        case version = "wids_version"
        case shards = "shardlist"
    }

    /// Lists the shards that have samples; a loader could not open the others.
    init(_ records: [CommitRecord]) {
        kind = "wids-shard-index-v1"
        version = 1
        shards = records.filter { $0.nsamples > 0 }.map {
            Entry(url: "shards/\($0.shard)", nsamples: $0.nsamples, filesize: $0.bytes, sha256: $0.sha256)
        }
    }
}
