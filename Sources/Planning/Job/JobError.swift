/// One thing that is wrong in a job file or in a `--set`.
package struct JobProblem: Sendable, Hashable, CustomStringConvertible {
    /// The file and line, `job.yaml:12`, the command-line override, `--set batch=0`, or the row whose
    /// task needs the setting.
    package let location: String
    /// The dotted key.
    package let key: String
    /// What stands there.
    package let found: String
    /// What may stand there.
    package let allowed: String

    package var description: String { "\(location): `\(key)` \(found); \(allowed)" }
}

/// Why a job file gives no job.
package enum JobError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// The file is no YAML.
    case syntax(path: String, line: Int?, reason: String)
    /// A `--set` has no `key=value` form, or no place in the job.
    case override(text: String, reason: String)
    /// Settings are wrong, all of them.
    case invalid([JobProblem])

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "the job file \(path) cannot be read: \(reason)"
        case .syntax(let path, let line, let reason):
            "\(path)\(line.map { ":\($0)" } ?? ""): not valid YAML: \(reason)"
        case .override(let text, let reason): "--set \(text): \(reason)"
        case .invalid(let problems): problems.map(\.description).joined(separator: "\n")
        }
    }
}
