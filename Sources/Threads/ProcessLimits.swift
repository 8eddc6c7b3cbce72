internal import Foundation

/// The limits that keep a process from getting threads.
enum ProcessLimits {
    /// Those that are set, each with what sets it, such as `200 processes and threads of this user (ulimit -u)`.
    static var inWords: [String] {
        var words: [String] = []
        if let count = resource(__RLIMIT_NPROC) {
            words.append("\(count) processes and threads of this user (ulimit -u)")
        }
        if let bytes = resource(RLIMIT_AS) { words.append("\(bytes >> 20) MiB of addresses (ulimit -v)") }
        words += groups.map { "\($0.limit) processes and threads in \($0.path) (cgroup)" }
        return words
    }

    /// Nil where there is none.
    private static func resource(_ kind: __rlimit_resource) -> UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(kind.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == .max ? nil : UInt64(limit.rlim_cur)
    }

    /// The `pids.max` of this process's control groups, the inner first.
    private static var groups: [(path: String, limit: Int)] {
        let text = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        var found: [(path: String, limit: Int)] = []
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let root: String
            switch fields[1] {
            case "": root = "/sys/fs/cgroup"
            case _ where fields[1].split(separator: ",").contains("pids"): root = "/sys/fs/cgroup/pids"
            default: continue
            }
            var steps = fields[2].split(separator: "/")
            repeat {
                let path = ([root] + steps.map(String.init)).joined(separator: "/")
                let limit = try? String(contentsOfFile: "\(path)/pids.max", encoding: .utf8)
                if let limit = limit.flatMap({ Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) {
                    found.append((path, limit))
                }
            } while steps.popLast() != nil
        }
        return found
    }
}
