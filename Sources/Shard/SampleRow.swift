import JSON

/// One row of `samples.jsonl.zst`: what became of one sample.
///
/// Every row has every field, null where it does not apply, so that table readers infer one schema. Times, host and rank
/// stand here and never in a shard, whose bytes must not depend on them.
package struct SampleRow: Sendable, Equatable, Codable {
    /// What became of the sample.
    package enum Status: String, Sendable, Codable {
        /// It stands in a shard.
        case ok
        /// It stands in no shard; ``SampleRow/error`` says why.
        case failed
    }

    /// Why a sample failed.
    package struct Failure: Sendable, Equatable, Codable {
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
        error: Failure? = nil, seconds: Double? = nil, stages: [String: Double]? = nil, rank: Int? = nil,
        host: String? = nil
    ) {
        self.index = index
        self.key = key
        self.task = task
        self.prompt = prompt
        self.seed = seed
        self.status = status
        self.losses = losses
        self.error = error
        self.seconds = seconds
        self.stages = stages
        self.rank = rank
        self.host = host
    }

    private enum CodingKeys: String, CodingKey {
        case index, key, task, prompt, seed, status, shard, offset, losses, error, seconds, stages, rank, host
    }

    /// Reads a row; a null loss becomes a NaN.
    package init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        index = try row.decode(Int.self, forKey: .index)
        key = try row.decode(String.self, forKey: .key)
        task = try row.decode(String.self, forKey: .task)
        prompt = try row.decodeIfPresent(String.self, forKey: .prompt)
        seed = try row.decode(UInt64.self, forKey: .seed)
        status = try row.decode(Status.self, forKey: .status)
        shard = try row.decodeIfPresent(String.self, forKey: .shard)
        offset = try row.decodeIfPresent(Int.self, forKey: .offset)
        losses = try row.decode([Double?].self, forKey: .losses).map { $0 ?? .nan }
        error = try row.decodeIfPresent(Failure.self, forKey: .error)
        seconds = try row.decodeIfPresent(Double.self, forKey: .seconds)
        stages = try row.decodeIfPresent([String: Double].self, forKey: .stages)
        rank = try row.decodeIfPresent(Int.self, forKey: .rank)
        host = try row.decodeIfPresent(String.self, forKey: .host)
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

    /// Reads lines of JSON.
    /// - Throws: ``RecordError`` naming the line.
    package static func parse(lines: [UInt8], name: String) throws(RecordError) -> [SampleRow] {
        guard lines.isEmpty || lines.last == UInt8(ascii: "\n") else {
            throw RecordError(name: name, problem: "its last line has no end")
        }
        var rows: [SampleRow] = []
        for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            rows.append(try RecordJSON.decode(Self.self, from: Array(line), name: "\(name) line \(rows.count + 1)"))
        }
        return rows
    }
}
