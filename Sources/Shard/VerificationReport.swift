/// One thing that is wrong with a run's output.
package struct Finding: Sendable, Equatable, Codable, CustomStringConvertible {
    /// What sort of thing is wrong.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// `run.json` is missing or damaged.
        case run
        /// The plan is missing or damaged.
        case plan
        /// A record is malformed or cannot be read.
        case record
        /// A record belongs to another job than the others.
        case config
        /// A file is missing.
        case missing
        /// A file is longer or shorter than its record says.
        case size
        /// A file's SHA-256 is not the recorded one.
        case sha256
        /// The SHA-256 of the decompressed tar is not the recorded one.
        case tarSHA256 = "tar_sha256"
        /// The seek table or the end of the archive is missing or does not agree with the record.
        case trailer
        /// A frame cannot be decompressed or is not the recorded one.
        case frame
        /// A sample's tar headers are malformed or not the recorded ones.
        case tar
        /// A `.npy` member is malformed.
        case npy
        /// A `.json` member is malformed.
        case json
        /// A key or an index appears twice in the dataset.
        case duplicate
        /// A sample has other members than the rest.
        case members
        /// `shards.json` does not agree with the records.
        case shardList = "shard_list"
        /// The rows do not agree with the shard, or `samples.jsonl.zst` with the rows.
        case rows
        /// A shard of the plan is not committed.
        case incomplete
        /// A published batch is damaged.
        case segment
        /// A file is there that a finished or orderly stopped run does not leave.
        case leftover
    }

    /// What sort of thing is wrong.
    package let kind: Kind
    /// The file, relative to the run directory.
    package let path: String
    /// One sentence.
    package let message: String

    package init(kind: Kind, path: String, message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    /// `path: message`.
    package var description: String { "\(path): \(message)" }
}

/// What a verification found.
package struct VerificationReport: Sendable, Equatable, Codable {
    /// Whether every byte was read.
    package let deep: Bool
    /// Everything that is wrong, in the order found: by shard, then the index, then leftovers.
    package var findings: [Finding] = []
    /// The number of committed shards.
    package var shards = 0
    /// The number of samples in them.
    package var samples = 0
    /// The number of failed samples among their rows.
    package var failed = 0
    /// The length of all shard files in bytes.
    package var bytes = 0
    /// The number of published batches that wait for their shard; not an error in a run that is not finished.
    package var pendingBatches = 0
    /// The number of shards in the plan; nil where it is not known.
    package var plannedShards: Int?
    /// Whether somebody worked on the run meanwhile.
    package let atWork: Bool

    private enum CodingKeys: String, CodingKey {
        case deep, findings, shards, samples, failed, bytes
        case pendingBatches = "pending_batches"
        case plannedShards = "planned_shards"
        case atWork = "at_work"
    }

    /// Whether every shard of the plan is there, and nothing more to come.
    package var isComplete: Bool { shards == plannedShards && !atWork }

    /// Makes an empty report.
    init(deep: Bool, atWork: Bool) {
        self.deep = deep
        self.atWork = atWork
    }

    /// Adds a finding.
    package mutating func add(_ kind: Finding.Kind, _ path: String, _ message: String) {
        findings.append(Finding(kind: kind, path: path, message: message))
    }
}
