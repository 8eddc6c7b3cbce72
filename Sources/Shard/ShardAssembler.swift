package import Files
import JSON

/// Joins published batches to shards.
///
/// A shard is made in four steps, each of which can be repeated: its data file, its rows
/// (`shard-000000.rows.jsonl.zst`, one zstd frame, since the segments that held them go), its commit record, and the removal
/// of its segments. Until the record is there the shard was never made, and the first three steps are done again from the
/// segments. Only one process may assemble a run at a time. All calls block on the file system.
package struct ShardAssembler: Sendable {
    /// Where the run's files lie.
    package let layout: RunLayout
    /// The hash of the job.
    package let configSHA256: String
    /// How shards are stored.
    package let compression: Compression
    private let store: SegmentStore
    private let faults: FaultHook

    /// Makes an assembler; nothing is touched.
    package init(layout: RunLayout, configSHA256: String, compression: Compression, faults: FaultHook = .none) {
        self.layout = layout
        self.configSHA256 = configSHA256
        self.compression = compression
        self.faults = faults
        store = SegmentStore(layout: layout, configSHA256: configSHA256, faults: faults)
    }

    /// Makes a shard from its segments, or finds it made, and removes the segments.
    ///
    /// A shard of which no sample succeeded gets a record and rows but no data file.
    /// - Returns: the shard's record.
    /// - Throws: ``SegmentError`` naming the batch that has to be done (again); ``ShardError``; ``FileError``.
    package func assemble(_ contents: ShardContents) throws -> CommitRecord {
        if let record = try record(shard: contents.shard) {
            try store.discard(batches: contents.batches)
            return record
        }
        let sidecars = try contents.batches.map { batch in
            guard let sidecar = try store.sidecar(batch: batch) else { throw SegmentError.missing(batch: batch) }
            return sidecar
        }
        try checkUnique(sidecars, contents)
        let record = try writeShard(contents, sidecars)
        try writeRows(contents, sidecars, record)
        var file = try AtomicFile(
            folder: layout.shards, name: RunLayout.recordName(shard: contents.shard), faults: faults)
        try file.write(RecordJSON.encode(record))
        guard try file.publish(.keepExisting) == .published else {
            throw ShardError.assembledTwice(shard: contents.shard)
        }
        try store.discard(batches: contents.batches)
        return record
    }

    /// The record of a shard, or nil if it is not committed.
    /// - Throws: ``ShardError`` if the shard is damaged or belongs to another job; ``RecordError``; ``FileError``.
    package func record(shard: Int) throws -> CommitRecord? {
        guard let record = try DatasetIndex(layout: layout).record(shard: shard) else { return nil }
        guard record.configSHA256 == configSHA256 else {
            throw ShardError.foreignJob(shard: shard, found: record.configSHA256, expected: configSHA256)
        }
        guard record.nsamples == 0 || Directory.fileSize("\(layout.shards)/\(record.shard)") == record.bytes else {
            throw ShardError.damaged(
                shard: shard, problem: "\(record.shard) is missing or not \(record.bytes) bytes long")
        }
        return record
    }

    private func checkUnique(_ sidecars: [SegmentSidecar], _ contents: ShardContents) throws(ShardError) {
        var keys: Set<String> = []
        for row in sidecars.flatMap(\.rows) where !keys.insert(row.key).inserted {
            throw .duplicateKey(shard: contents.shard, key: row.key)
        }
    }

    private func writeShard(_ contents: ShardContents, _ sidecars: [SegmentSidecar]) throws -> CommitRecord {
        let name = RunLayout.shardName(contents.shard, compression)
        let failed = sidecars.flatMap(\.rows).count { $0.status == .failed }
        func record(
            _ file: (bytes: Int, sha256: String), _ tar: (bytes: Int, sha256: String), _ frames: [FrameRecord]
        ) -> CommitRecord {
            CommitRecord(
                shard: name, file: file, tar: tar, nfailed: failed, firstIndex: contents.firstIndex,
                configSHA256: configSHA256, frames: frames)
        }
        guard sidecars.contains(where: { !$0.frames.isEmpty }) else {
            try Directory.remove("\(layout.shards)/\(name)")
            let nothing = (bytes: 0, sha256: SHA256.hexadecimalDigest(of: [UInt8]()))
            return record(nothing, nothing, [])
        }
        var shard = try ShardFile(folder: layout.shards, name: name, compression: compression, faults: faults)
        for sidecar in sidecars where !sidecar.frames.isEmpty { try append(sidecar, to: &shard) }
        let frames = shard.frames
        let (file, tar) = try shard.publish()
        return record(file, tar, frames)
    }

    /// Copies a segment frame by frame, checking each frame and then the segment's hash.
    private func append(_ sidecar: SegmentSidecar, to shard: inout ShardFile) throws {
        let segment: InputFile
        do throws(FileError) {
            segment = try InputFile("\(layout.segments)/\(sidecar.dataName)", followingLinks: false)
        } catch {
            throw SegmentError.corrupt(batch: sidecar.batch, problem: error.description)
        }
        var hash = SHA256()
        for frame in sidecar.frames {
            do {
                try shard.append(frame, from: segment, &hash)
            } catch let error as ZstdError {
                throw SegmentError.corrupt(batch: sidecar.batch, problem: "sample \(quoted(frame.key)): \(error)")
            }
        }
        guard hash.hexadecimalDigest == sidecar.sha256 else {
            throw SegmentError.corrupt(batch: sidecar.batch, problem: "\(sidecar.dataName) does not have its SHA-256")
        }
    }

    private func writeRows(_ contents: ShardContents, _ sidecars: [SegmentSidecar], _ record: CommitRecord) throws {
        let offsets = Dictionary(record.frames.map { ($0.key, $0.off) }, uniquingKeysWith: { first, _ in first })
        let rows = sidecars.flatMap(\.rows).map { row in
            var row = row
            row.offset = row.status == .ok ? offsets[row.key] : nil
            row.shard = row.status == .ok ? record.shard : nil
            return row
        }
        var file = try AtomicFile(
            folder: layout.shards, name: RunLayout.rowsName(shard: contents.shard), faults: faults)
        try file.write(ZstdFrame.compress(SampleRow.lines(rows)))
        _ = try file.publish(.replaceExisting)
    }
}

/// A shard that cannot be made or used.
package enum ShardError: Error, Equatable, CustomStringConvertible {
    /// Two samples of a shard have one key.
    case duplicateKey(shard: Int, key: String)
    /// The shard was made for another job.
    case foreignJob(shard: Int, found: String, expected: String)
    /// Another process committed the shard at the same time.
    case assembledTwice(shard: Int)
    /// A committed shard's files are not what its record says.
    case damaged(shard: Int, problem: String)

    /// One sentence with the remedy.
    package var description: String {
        switch self {
        case .duplicateKey(let shard, let key): "shard \(shard) would hold two samples with key \(quoted(key))"
        case .foreignJob(let shard, let found, let expected):
            "shard \(shard) was made for job \(found.prefix(12)) and this is job \(expected.prefix(12)); "
                + "choose another run directory"
        case .assembledTwice(let shard):
            "shard \(shard) was committed by another process meanwhile; run only one coordinator on a run directory"
        case .damaged(let shard, let problem):
            "shard \(shard) is damaged: \(problem); remove \(RunLayout.recordName(shard: shard)) and run the job again to "
                + "make it anew"
        }
    }
}
