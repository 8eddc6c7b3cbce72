import Foundation
import TestSupport

extension Programs {
    static func seehear(_ arguments: String...) async throws -> Outcome { try await run("seehear", arguments) }

    /// The worker without `mpirun`: one process that coordinates and computes.
    static func worker(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        try await run("seehear-worker", arguments, environment: environment)
    }

    static func mpirun(
        _ ranks: Int, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await start(ranks, arguments, environment: environment).outcome()
    }

    /// Starts ranks and does not wait for them.
    static func start(_ ranks: Int, _ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let script = ". '\(Fixtures.checkout.path)/cluster/env.sh' local && exec mpirun \"$@\""
        let worker = built("seehear-worker") ?? "seehear-worker"
        return try Running(
            "bash", ["-c", script, "bash", "-n", "\(ranks)", worker] + arguments, environment: environment)
    }
}

extension Running {
    /// The processes that compute for the ranks of this program, ascending.
    func computing() -> [pid_t] {
        Self.descendants(of: pid).filter { Self.words(of: $0).dropFirst().first == "compute" }.sorted()
    }

    /// The ranks among the processes of this program, without what computes for them.
    func ranks() -> [Int: pid_t] {
        let own = Self.descendants(of: pid).filter { Self.words(of: $0).first?.hasSuffix("seehear-worker") == true }
        let pairs = own.filter { Self.words(of: $0).dropFirst().first != "compute" }.compactMap { process in
            Self.rank(of: process).map { ($0, process) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// A process's command line.
    static func words(of process: pid_t) -> [String] {
        let line = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
        return (line ?? "").split(separator: "\0").map(String.init)
    }

    /// What `mpirun` told a process of its place; processes that it starts know it as well.
    static func rank(of process: pid_t) -> Int? {
        guard let environment = try? Data(contentsOf: URL(filePath: "/proc/\(process)/environ")) else { return nil }
        return String(decoding: environment, as: UTF8.self).split(separator: "\0").lazy
            .first { $0.hasPrefix("OMPI_COMM_WORLD_RANK=") }.flatMap { Int($0.dropFirst(21)) }
    }
}
