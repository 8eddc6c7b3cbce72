package import JSON

/// What every row of a plan has, whatever the run computes. Each kind of run has rows of its own (``Recipe/rowType``).
package protocol PlanRow: Sendable {
    /// The place in the plan, from 0.
    var index: Int { get set }
    /// The name in the shard, unique in the plan.
    var key: String { get }
    /// The number of the sample's batch.
    var batch: Int { get set }
    /// The number of the sample's shard.
    var shard: Int { get set }
    /// Why the sample cannot be made; it becomes a failed sample of the run.
    var error: PlannedError? { get }
    /// What is shown of it beside its key.
    var listed: ListedRow { get }

    /// Writes the row as one line of `plan.jsonl`; absent values are left out.
    func write(to writer: inout JSONWriter)
    /// Reads one line of `plan.jsonl`.
    init(parsing line: [UInt8]) throws(JSONError)
    /// The names of the fields in which another row of the kind differs.
    func fields(otherThanIn row: any PlanRow) -> [String]
}

/// What listings show of a row of any kind.
package struct ListedRow: Sendable, Equatable {
    /// What is done: of a sample that is generated, its task.
    package let task: String
    /// The seed of what is drawn; 0 where nothing is.
    package let seed: UInt64
    /// The caption.
    package let prompt: String?
}
