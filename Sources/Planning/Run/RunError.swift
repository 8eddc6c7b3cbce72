internal import JSON

/// Why a run directory cannot be used.
package enum RunError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no `run.json`.
    case notARun(path: String)
    /// A file cannot be read.
    case unreadable(path: String, reason: String)
    /// A file cannot be written.
    case unwritable(path: String, reason: String)
    /// A file holds something else than this program writes.
    case damaged(path: String, reason: String)
    /// `run.json` has a form that this version does not read.
    case otherVersion(path: String, schema: String)
    /// The directory holds shards or segments but no plan that they belong to.
    case occupied(path: String, found: String)
    /// The directory holds another plan. The differences, the most telling first.
    case conflict(path: String, differences: [String])
    /// Somebody works on the run, as the sentence says.
    case busy(String)

    package var description: String {
        switch self {
        case .notARun(let path):
            "\(path) is not a run directory: it has no run.json; `seehear plan JOB.yaml --out \(path)` makes one"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason); plan again into a new run directory"
        case .otherVersion(let path, let schema):
            "\(path) was planned by another version of seehear: its schema is \(quoted(schema)), not "
                + "`\(RunDescription.currentSchema)`; plan again into a new run directory, or use that version"
        case .occupied(let path, let found):
            "\(path) holds \(found) but no run.json; give --out a new or empty folder"
        case .conflict(let path, let differences):
            "\(path) holds the plan of another job; give --out a new folder, or undo what differs:\n"
                + differences.map { "  \($0)" }.joined(separator: "\n")
        case .busy(let sentence): sentence
        }
    }
}
