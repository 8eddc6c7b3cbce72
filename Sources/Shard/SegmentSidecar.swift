import JSON

/// The record of one published batch, `segments/batch-000042.json`: written after the batch's data, it commits the batch.
package struct SegmentSidecar: Sendable, Equatable, Encodable {
    /// The value of ``schema``.
    package static let currentSchema = "seehear.segment/1"

    /// Names this form of record.
    package let schema: String
    /// The batch's number in the plan.
    package let batch: Int
    /// The hash of the job that the batch belongs to.
    package let configSHA256: String
    /// The length of the data file in bytes; 0, and then there is none, if every sample of the batch failed.
    package let bytes: Int
    /// The SHA-256 of the data file.
    package let sha256: String
    /// The frames in the data file's order.
    package let frames: [FrameRecord]
    /// One row for each sample of the batch, failed ones included, by ascending index.
    package let rows: [SampleRow]

    private enum CodingKeys: String, CodingKey {
        case schema, batch, bytes, sha256, frames, rows
        case configSHA256 = "config_sha256"
    }

    /// The name of the data file. It holds part of the data's hash, so that two workers that publish the same batch at once
    /// never write the same file with different bytes: whose sidecar comes first decides.
    package var dataName: String { RunLayout.segmentName(batch: batch, sha256: sha256) }

    /// Makes a sidecar.
    init(batch: Int, configSHA256: String, bytes: Int, sha256: String, frames: [FrameRecord], rows: [SampleRow]) {
        self.schema = Self.currentSchema
        self.batch = batch
        self.configSHA256 = configSHA256
        self.bytes = bytes
        self.sha256 = sha256
        self.frames = frames
        self.rows = rows
    }

    /// Reads and checks a sidecar.
    /// - Parameter name: the file's name, for messages.
    /// - Throws: ``RecordError`` naming the field that is wrong.
    package init(parsing json: [UInt8], name: String) throws(RecordError) {
        self = try RecordJSON.read(json, name: name) { reader throws(JSONError) in try Self(from: &reader) }
        if let problem { throw RecordError(name: name, problem: problem) }
    }

    /// Reads a sidecar; fields that it does not know are passed over.
    private init(from reader: inout JSONReader) throws(JSONError) {
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]
        var frames: [FrameRecord]?
        var rows: [SampleRow]?
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "schema", "sha256", "config_sha256": texts[field] = try reader.string()
            case "batch", "bytes": numbers[field] = try reader.integer()
            case "frames": frames = try reader.list { reader throws(JSONError) in try FrameRecord(from: &reader) }
            case "rows": rows = try reader.list { reader throws(JSONError) in try SampleRow(from: &reader) }
            default: try reader.skipValue()
            }
        }
        schema = try reader.require(texts["schema"], "schema")
        batch = try reader.require(numbers["batch"], "batch")
        configSHA256 = try reader.require(texts["config_sha256"], "config_sha256")
        bytes = try reader.require(numbers["bytes"], "bytes")
        sha256 = try reader.require(texts["sha256"], "sha256")
        self.frames = try reader.require(frames, "frames")
        self.rows = try reader.require(rows, "rows")
    }

    /// Holds the rows against the plan, which the sidecar itself does not know.
    /// - Parameter indices: of the samples that the plan puts into the batch.
    /// - Throws: ``SegmentError/corrupt(batch:problem:)`` where the rows are those of other samples.
    package func requireIndices(_ indices: Range<Int>) throws(SegmentError) {
        guard rows.map(\.index) == Array(indices) else {
            let found = rows.first.map { "those from \($0.index) on" } ?? "none"
            throw .corrupt(
                batch: batch,
                problem:
                    "its rows are \(found), and the plan has samples \(indices.lowerBound) to \(indices.upperBound - 1)"
            )
        }
    }

    /// What is wrong with the sidecar in itself, or nil.
    private var problem: String? {
        guard schema == Self.currentSchema else {
            return "schema is \(quoted(schema)) instead of \(Self.currentSchema)"
        }
        guard batch >= 0 else { return "batch is negative" }
        guard isHexadecimal(configSHA256, digits: 64) else { return "config_sha256 is not a SHA-256" }
        guard isHexadecimal(sha256, digits: 64) else { return "sha256 is not a SHA-256" }
        if let problem = FrameRecord.problem(in: frames) { return problem }
        guard bytes == frames.last.map({ $0.off + $0.clen }) ?? 0 else { return "bytes is not the frames' length" }
        guard !rows.isEmpty else { return "there are no rows" }
        return SampleRow.problem(in: rows, frames: frames)
    }
}
