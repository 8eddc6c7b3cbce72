/// A process that computes for a rank.
package protocol ChildProcess: Sendable {
    /// To the worker loop in the process; ends when the process does.
    var transport: any Transport { get }
    /// Waits for its end.
    func exit() async -> ChildExit
    /// Ends it at once, also where it is stopped or hangs.
    func kill()
}

/// Starts processes that compute for a rank.
package protocol ChildLauncher: Sendable {
    /// - Throws: why there can be none.
    func launch() async throws -> any ChildProcess
}

/// How a process ended.
package enum ChildExit: Sendable, Hashable, CustomStringConvertible {
    /// By itself.
    case code(Int32)
    /// By a signal.
    case signal(Int32)

    /// The exit code of a worker that lost its coordinator.
    package static let coordinatorLost: Int32 = 69

    /// Half a sentence, to follow "it".
    package var description: String {
        switch self {
        case .code(let code): "ended by itself with code \(code)"
        case .signal(9): "was killed (signal 9), as the system does when memory runs out"
        case .signal(let number): "crashed (signal \(number), \(Self.name(number)))"
        }
    }

    private static func name(_ signal: Int32) -> String {
        switch signal {
        case 4: "illegal instruction"
        case 6: "abort"
        case 7: "bus error"
        case 8: "arithmetic error"
        case 11: "segmentation fault"
        case 15: "terminated"
        default: "see signal(7)"
        }
    }
}
