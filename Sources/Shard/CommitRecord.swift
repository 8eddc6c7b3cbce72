import JSON

/// The record of one shard, `shards/shard-000000.json`: written last, it commits the shard.
///
/// It depends on the job and the samples alone, not on times or hosts, so it is the same for any number of ranks.
package struct CommitRecord: Sendable, Equatable, Encodable {
    /// The value of ``schema``.
    package static let currentSchema = "seehear.shard/1"

    /// Names this form of record.
    package let schema: String
    /// The shard's file name; there is no such file if ``nsamples`` is 0.
    package let shard: String
    /// The file's length in bytes.
    package let bytes: Int
    /// The file's SHA-256.
    package let sha256: String
    /// The length in bytes of the plain tar, which `zstd -d` gives.
    package let tarBytes: Int
    /// The SHA-256 of the plain tar.
    package let tarSHA256: String
    /// The number of samples in the shard.
    package let nsamples: Int
    /// The number of samples of the shard's batches that failed and so stand in `samples.jsonl.zst` alone.
    package let nfailed: Int
    /// The index of the shard's first sample in the manifest.
    package let firstIndex: Int
    /// The hash of the job.
    package let configSHA256: String
    /// The samples in file order.
    package let frames: [FrameRecord]

    private enum CodingKeys: String, CodingKey {
        case schema, shard, bytes, sha256, nsamples, nfailed, frames
        case tarBytes = "tar_bytes"
        case tarSHA256 = "tar_sha256"
        case firstIndex = "first_index"
        case configSHA256 = "config_sha256"
    }

    /// Makes a record.
    init(
        shard: String, file: (bytes: Int, sha256: String), tar: (bytes: Int, sha256: String), nfailed: Int,
        firstIndex: Int,
        configSHA256: String, frames: [FrameRecord]
    ) {
        self.schema = Self.currentSchema
        self.shard = shard
        self.bytes = file.bytes
        self.sha256 = file.sha256
        self.tarBytes = tar.bytes
        self.tarSHA256 = tar.sha256
        self.nsamples = frames.count
        self.nfailed = nfailed
        self.firstIndex = firstIndex
        self.configSHA256 = configSHA256
        self.frames = frames
    }

    /// Reads and checks a record.
    /// - Parameter name: the file's name, which gives the shard's number, also for messages.
    /// - Throws: ``RecordError`` naming the field that is wrong.
    package init(parsing json: [UInt8], name: String) throws(RecordError) {
        self = try RecordJSON.read(json, name: name) { reader throws(JSONError) in try Self(from: &reader) }
        if let problem { throw RecordError(name: name, problem: problem) }
        guard name == RunLayout.recordName(shard: number) else {
            throw RecordError(name: name, problem: "it describes \(shard)")
        }
    }

    /// Reads a record; fields that it does not know are passed over.
    private init(from reader: inout JSONReader) throws(JSONError) {
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]
        var frames: [FrameRecord]?
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "schema", "shard", "sha256", "tar_sha256", "config_sha256": texts[field] = try reader.string()
            case "bytes", "tar_bytes", "nsamples", "nfailed", "first_index": numbers[field] = try reader.integer()
            case "frames": frames = try reader.list { reader throws(JSONError) in try FrameRecord(from: &reader) }
            default: try reader.skipValue()
            }
        }
        func text(_ field: String) throws(JSONError) -> String { try reader.require(texts[field], field) }
        func number(_ field: String) throws(JSONError) -> Int { try reader.require(numbers[field], field) }
        schema = try text("schema")
        shard = try text("shard")
        bytes = try number("bytes")
        sha256 = try text("sha256")
        tarBytes = try number("tar_bytes")
        tarSHA256 = try text("tar_sha256")
        nsamples = try number("nsamples")
        nfailed = try number("nfailed")
        firstIndex = try number("first_index")
        configSHA256 = try text("config_sha256")
        self.frames = try reader.require(frames, "frames")
    }

    /// The indices of all its samples in the manifest, those that failed included.
    package var indices: Range<Int> { firstIndex..<firstIndex + nsamples + nfailed }

    /// The shard's number.
    package var number: Int {
        if case .shard(let number, _) = RunLayout.FileKind(shard) { number } else { -1 }
    }

    /// How the shard is stored.
    package var compression: Compression { shard.hasSuffix(".tar") ? .none : .zstd }

    /// The length in bytes of the frame that ends the archive; 1024 in a plain tar.
    var closingLength: Int {
        let end = frames.last.map { $0.off + $0.clen } ?? 0
        return compression == .none ? bytes - end : bytes - end - SeekTable.length(frames: frames.count + 1)
    }

    /// What is wrong with the record in itself, or nil.
    private var problem: String? {
        guard schema == Self.currentSchema else {
            return "schema is \(quoted(schema)) instead of \(Self.currentSchema)"
        }
        guard number >= 0 else { return "shard \(quoted(shard)) is not a shard's name" }
        for (field, value) in [("sha256", sha256), ("tar_sha256", tarSHA256), ("config_sha256", configSHA256)] {
            guard isHexadecimal(value, digits: 64) else { return "\(field) is not a SHA-256" }
        }
        if let problem = FrameRecord.problem(in: frames) { return problem }
        guard nsamples == frames.count else { return "nsamples is \(nsamples) but there are \(frames.count) frames" }
        guard (0...SeekTable.maximumFrames).contains(nfailed) else { return "nfailed is \(nfailed)" }
        guard (0...FrameRecord.maximumOffset).contains(firstIndex) else { return "first_index is \(firstIndex)" }
        guard let last = frames.last else {
            return bytes == 0 && tarBytes == 0 ? nil : "bytes or tar_bytes is not 0 though there are no samples"
        }
        guard tarBytes == last.uoff + last.ulen + SampleBlock.endOfArchive.count else {
            return "tar_bytes is not the length of the frames' contents and the archive's end"
        }
        switch compression {
        case .none:
            guard frames.allSatisfy({ $0.off == $0.uoff && $0.clen == $0.ulen }) else {
                return "off and clen differ from uoff and ulen in a plain tar"
            }
            return bytes == tarBytes ? nil : "bytes is not tar_bytes in a plain tar"
        case .zstd:
            let room = 0...FrameRecord.maximumOffset
            guard room.contains(bytes), (ZstdFrame.minimumLength...64).contains(closingLength) else {
                return "bytes is not the length of the frames, the closing frame and the seek table"
            }
            return nil
        }
    }
}
