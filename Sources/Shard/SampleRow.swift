import JSON

/// One row of `samples.jsonl.zst`: what became of one sample.
///
/// Every row has every field, null where it does not apply, so that table readers infer one schema. Times, host and rank
/// stand here and never in a shard, whose bytes must not depend on them.
package struct SampleRow: Sendable, Equatable, Encodable {
    /// What became of the sample.
    package enum Status: String, Sendable, Encodable {
        /// It stands in a shard.
        case ok
        /// It stands in no shard; ``SampleRow/error`` says why.
        case failed
    }

    /// Why a sample failed.
    package struct Failure: Sendable, Equatable, Encodable {
        /// The kind, from a small fixed vocabulary, such as `unreadable_media`, `nan` or `silence`.
        package let kind: String
        /// One sentence for a person.
        package let message: String

        /// Makes a failure.
        package init(kind: String, message: String) {
            self.kind = kind
            self.message = message
        }
    }

    /// The sample's place in the manifest, from 0.
    package let index: Int
    /// The sample's key.
    package let key: String
    /// The task, such as `v2a`.
    package let task: String
    /// The prompt, or nil where the task was run without one.
    package let prompt: String?
    /// The seed of the sample's noise.
    package let seed: UInt64
    /// What became of the sample.
    package let status: Status
    /// The file name of its shard, once there is one: `shard-000000.tar.zst`.
    package var shard: String?
    /// The offset in bytes of the sample's frame in that file (of its first tar header in a plain `.tar`).
    package var offset: Int?
    /// The aligner's loss at each guided step; a value that is not finite is written as null.
    package let losses: [Double]
    /// What the guides found; nothing in a failed sample.
    package let findings: SampleFindings
    /// Why the sample failed; nil for ``Status/ok``.
    package let error: Failure?
    /// Seconds from the start of the sample's batch to its end.
    package let seconds: Double?
    /// Seconds of each stage of the batch.
    package let stages: [String: Double]?
    /// The MPI rank that made it.
    package let rank: Int?
    /// The host that made it.
    package let host: String?

    /// Makes a row that is not in a shard yet.
    package init(
        index: Int, key: String, task: String, prompt: String?, seed: UInt64, status: Status, losses: [Double] = [],
        findings: SampleFindings = .none, error: Failure? = nil, seconds: Double? = nil,
        stages: [String: Double]? = nil, rank: Int? = nil, host: String? = nil
    ) {
        self.index = index
        self.key = key
        self.task = task
        self.prompt = prompt
        self.seed = seed
        self.status = status
        self.losses = losses
        self.findings = findings
        self.error = error
        self.seconds = seconds
        self.stages = stages
        self.rank = rank
        self.host = host
    }

    private enum CodingKeys: String, CodingKey {
        case index, key, task, prompt, seed, status, shard, offset, losses, error, seconds, stages, rank, host
    }

    /// Reads a row; a null loss becomes a NaN, and fields that it does not know are passed over.
    init(from reader: inout JSONReader) throws(JSONError) {
        var numbers: (index: Int?, seed: UInt64?, offset: Int?, rank: Int?)
        var texts: (key: String?, task: String?, prompt: String?, status: Status?, shard: String?, host: String?)
        var losses: [Double]?
        var findings = SampleFindings.none
        var error: Failure?
        var times: (seconds: Double?, stages: [String: Double]?)
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "index": numbers.index = try reader.integer()
            case "key": texts.key = try reader.string()
            case "task": texts.task = try reader.string()
            case "prompt": texts.prompt = try reader.optionalString()
            case "seed": numbers.seed = try reader.integer()
            case "status": texts.status = try Status(from: &reader)
            case "shard": texts.shard = try reader.optionalString()
            case "offset": numbers.offset = try reader.optionalInteger()
            case "losses":
                losses = try reader.list { reader throws(JSONError) in try reader.optionalDouble() ?? .nan }
            case "error":
                error = try reader.optional { reader throws(JSONError) in try Failure(from: &reader) }
            case "seconds": times.seconds = try reader.optionalDouble()
            case "stages":
                times.stages = try reader.optional { reader throws(JSONError) in
                    try reader.table { reader throws(JSONError) in try reader.double() }
                }
            case "rank": numbers.rank = try reader.optionalInteger()
            case "host": texts.host = try reader.optionalString()
            default: if try !findings.read(field, from: &reader) { try reader.skipValue() }
            }
        }
        self.init(
            index: try reader.require(numbers.index, "index"), key: try reader.require(texts.key, "key"),
            task: try reader.require(texts.task, "task"), prompt: texts.prompt,
            seed: try reader.require(numbers.seed, "seed"), status: try reader.require(texts.status, "status"),
            losses: try reader.require(losses, "losses"), findings: findings, error: error, seconds: times.seconds,
            stages: times.stages, rank: numbers.rank, host: texts.host)
        (shard, offset) = (texts.shard, numbers.offset)
    }

    /// Writes all fields.
    package func encode(to encoder: any Encoder) throws {
        func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
        var row = encoder.container(keyedBy: CodingKeys.self)
        try row.encode(index, forKey: .index)
        try row.encode(key, forKey: .key)
        try row.encode(task, forKey: .task)
        try row.encode(prompt, forKey: .prompt)
        try row.encode(seed, forKey: .seed)
        try row.encode(status, forKey: .status)
        try row.encode(shard, forKey: .shard)
        try row.encode(offset, forKey: .offset)
        try row.encode(losses.map(finite), forKey: .losses)
        try findings.encode(to: encoder)
        try row.encode(error, forKey: .error)
        try row.encode(finite(seconds), forKey: .seconds)
        try row.encode(stages?.compactMapValues(finite), forKey: .stages)
        try row.encode(rank, forKey: .rank)
        try row.encode(host, forKey: .host)
    }

    /// What is wrong with the rows of one batch or shard, given its frames in the same order, or nil.
    static func problem(in rows: [SampleRow], frames: [FrameRecord]) -> String? {
        var keys: Set<String> = []
        var indices: Set<Int> = []
        for (line, row) in rows.enumerated() {
            guard row.index >= 0, indices.insert(row.index).inserted else {
                return "rows[\(line)].index \(row.index) is negative or appears twice"
            }
            guard keys.insert(row.key).inserted else { return "rows[\(line)].key \(quoted(row.key)) appears twice" }
            guard (row.error == nil) == (row.status == .ok) else { return "rows[\(line)]: status and error disagree" }
        }
        let successes = rows.filter { $0.status == .ok }.map(\.key)
        return successes == frames.map(\.key) ? nil : "the rows with status ok are not the frames"
    }

    /// The rows as lines of JSON.
    static func lines(_ rows: [SampleRow]) throws -> [UInt8] {
        var lines: [UInt8] = []
        for row in rows {
            lines += try RecordJSON.encode(row)
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }

    /// Reads one line of JSON, without its end.
    /// - Throws: ``RecordError``.
    init(parsing line: [UInt8], name: String) throws(RecordError) {
        self = try RecordJSON.read(line, name: name) { reader throws(JSONError) in try Self(from: &reader) }
    }

    /// Reads lines of JSON.
    /// - Throws: ``RecordError`` naming the line.
    package static func parse(lines: [UInt8], name: String) throws(RecordError) -> [SampleRow] {
        var rows: [SampleRow] = []
        var splitter = LineSplitter(name: name)
        splitter.take(lines)
        while let line = try splitter.next() {
            rows.append(try SampleRow(parsing: line, name: "\(name) line \(splitter.count)"))
        }
        try splitter.end()
        return rows
    }
}

extension SampleRow.Status {
    fileprivate init(from reader: inout JSONReader) throws(JSONError) {
        let word = try reader.string()
        guard let status = Self(rawValue: word) else { throw reader.error("field 'status' is \(quoted(word))") }
        self = status
    }
}

extension SampleRow.Failure {
    fileprivate init(from reader: inout JSONReader) throws(JSONError) {
        var kind: String?
        var message: String?
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "kind": kind = try reader.string()
            case "message": message = try reader.string()
            default: try reader.skipValue()
            }
        }
        self.init(
            kind: try reader.require(kind, "error.kind"), message: try reader.require(message, "error.message"))
    }
}
