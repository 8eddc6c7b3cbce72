import Fixtures
import Foundation
import Synchronization

/// Runs programs as a user does: this package's own, under `mpirun` or without, and those that read what it wrote.
enum Programs {
    /// How a program ended, and what it said.
    struct Outcome: Sendable {
        /// The exit code; 128 + n where signal n ended it.
        let code: Int32
        let output: String
        let errors: String

        /// Both streams, for messages.
        var text: String { errors + output }
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// The folder of the programs under test: the one that these tests were built into.
    static let folder: URL = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var folder = URL(filePath: own).deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.isExecutableFile(atPath: folder.appending(path: "seehear-worker").path) { break }
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    static func seehear(_ arguments: String...) async throws -> Outcome { try await run("seehear", arguments) }

    /// The worker without `mpirun`: one process that coordinates and computes.
    static func worker(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        try await run("seehear-worker", arguments, environment: environment)
    }

    static func mpirun(
        _ ranks: Int, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await start(ranks, arguments, environment: environment).outcome(limit: limit)
    }

    /// Starts ranks and does not wait for them.
    static func start(_ ranks: Int, _ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let script = ". '\(Fixtures.checkout.path)/cluster/env.sh' local && exec mpirun \"$@\""
        let command = ["-c", script, "bash", "-n", "\(ranks)", path(of: "seehear-worker")] + arguments
        return try Running("bash", command, environment: environment)
    }

    /// Runs a program of this package, or one on PATH.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], limit: Double = limit
    ) async throws -> Outcome {
        try await Running(path(of: program), arguments, environment: environment).outcome(limit: limit)
    }

    /// A hang is a failure, not a wait.
    static let limit = 120.0

    private static func path(of program: String) -> String {
        let own = folder.appending(path: program).path
        return FileManager.default.isExecutableFile(atPath: own) ? own : program
    }
}

/// A program that runs, with what it writes collected on threads of its own.
final class Running: Sendable {
    let pid: pid_t
    // Written once, by the thread that waits.
    private let ended = Mutex<Int32?>(nil)
    private let streams: [Stream]

    /// - Parameter program: a path, or a name that is looked up on PATH.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program.hasPrefix("/") ? program : "/usr/bin/env")
        process.arguments = program.hasPrefix("/") ? arguments : [program] + arguments
        // What a launcher told these tests' own process is not for the programs that they start.
        let inherited = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("OMPI_COMM") && !$0.key.hasPrefix("PMI")
        }
        process.environment = inherited.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let pipes = [Pipe(), Pipe()]
        process.standardOutput = pipes[0]
        process.standardError = pipes[1]
        // The threads of tests hear no signals, and a program would inherit it.
        var (none, before) = (sigset_t(), sigset_t())
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        pid = process.processIdentifier
        streams = pipes.map { Stream($0.fileHandleForReading) }
        Thread.detachNewThread { [self] in
            process.waitUntilExit()
            let signalled = process.terminationReason == .uncaughtSignal
            ended.withLock { $0 = process.terminationStatus + (signalled ? 128 : 0) }
        }
    }

    var hasEnded: Bool { ended.withLock { $0 != nil } }

    /// Waits for the end; kills the program and what it started when it takes longer than `limit` seconds.
    func outcome(limit: Double) async throws -> Programs.Outcome {
        let deadline = ContinuousClock.now + .seconds(limit)
        while true {
            if let code = ended.withLock({ $0 }) {
                return Programs.Outcome(code: code, output: streams[0].text, errors: streams[1].text)
            }
            guard ContinuousClock.now < deadline else {
                kill(signal: SIGKILL)
                throw TookTooLong(seconds: limit, errors: streams[1].textSoFar)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Sends a signal to the program and everything that it started, the program first.
    func kill(signal: Int32) {
        for process in [pid] + Self.descendants(of: pid) { Glibc.kill(process, signal) }
    }

    /// The processes that a process started, and those that they started.
    static func descendants(of root: pid_t) -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = pid_t(name),
                let status = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8),
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("PPid:") }),
                let parent = pid_t(line.dropFirst(5).trimmingCharacters(in: .whitespaces))
            else { continue }
            children[parent, default: []].append(process)
        }
        var found: [pid_t] = []
        var next = children[root] ?? []
        while let process = next.popLast() {
            found.append(process)
            next += children[process] ?? []
        }
        return found
    }

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

    /// What comes out of a pipe.
    private final class Stream: Sendable {
        private let data = Mutex(Data())
        private let done = DispatchSemaphore(value: 0)

        init(_ handle: FileHandle) {
            Thread.detachNewThread { [self] in
                while true {
                    let piece = handle.availableData
                    if piece.isEmpty { break }
                    data.withLock { $0.append(piece) }
                }
                done.signal()
            }
        }

        /// All of it. A process that outlived the program may hold the pipe open: it is waited for no longer than 5 s.
        var text: String {
            if done.wait(timeout: .now() + 5) == .success { done.signal() }
            return textSoFar
        }

        var textSoFar: String { String(decoding: data.withLock { $0 }, as: UTF8.self) }
    }
}

/// A program did not end in time.
struct TookTooLong: Error, CustomStringConvertible {
    let seconds: Double
    let errors: String
    var description: String { "it had not ended after \(seconds) s, and had said: \(errors)" }
}
