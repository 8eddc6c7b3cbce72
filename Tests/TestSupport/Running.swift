package import Foundation
import Synchronization

/// A program that runs, with what it writes collected on threads of its own.
package final class Running: Sendable {
    /// Its process.
    package let pid: pid_t
    // Written once, by the thread that waits.
    private let ended = Mutex<Int32?>(nil)
    private let streams: [Stream]

    /// Starts it.
    /// - Parameters:
    ///   - program: a path, or a name that is looked up on PATH.
    ///   - environment: variables beside those of the tests.
    ///   - folder: where it works; by default where the tests do.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil
    ) throws {
        let process = Process()
        process.executableURL = URL(filePath: program.hasPrefix("/") ? program : "/usr/bin/env")
        process.arguments = program.hasPrefix("/") ? arguments : [program] + arguments
        if let folder { process.currentDirectoryURL = folder }
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

    /// Whether it has ended.
    package var hasEnded: Bool { ended.withLock { $0 != nil } }

    /// Waits for the end; kills the program and what it started when it takes longer than `limit` seconds.
    package func outcome(limit: Double = Programs.limit) async throws -> Programs.Outcome {
        let deadline = ContinuousClock.now + .seconds(limit)
        while !hasEnded, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
        return try finished(limit)
    }

    /// The same for a test that is not asynchronous: it blocks.
    package func blockingOutcome(limit: Double = Programs.limit) throws -> Programs.Outcome {
        let deadline = ContinuousClock.now + .seconds(limit)
        while !hasEnded, ContinuousClock.now < deadline { usleep(1000) }
        return try finished(limit)
    }

    private func finished(_ limit: Double) throws -> Programs.Outcome {
        guard let code = ended.withLock({ $0 }) else {
            kill(signal: SIGKILL)
            throw TookTooLong(seconds: limit, errors: String(decoding: streams[1].dataSoFar, as: UTF8.self))
        }
        return Programs.Outcome(
            code: code, data: streams[0].data, errors: String(decoding: streams[1].data, as: UTF8.self))
    }

    /// Sends a signal to the program and everything that it started, the program first.
    package func kill(signal: Int32) {
        for process in [pid] + Self.descendants(of: pid) { Glibc.kill(process, signal) }
    }

    /// The processes that a process started, and those that they started.
    package static func descendants(of root: pid_t) -> [pid_t] {
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

    /// What comes out of a pipe.
    private final class Stream: Sendable {
        private let collected = Mutex(Data())
        private let done = DispatchSemaphore(value: 0)

        init(_ handle: FileHandle) {
            Thread.detachNewThread { [self] in
                while true {
                    let piece = handle.availableData
                    if piece.isEmpty { break }
                    collected.withLock { $0.append(piece) }
                }
                done.signal()
            }
        }

        /// All of it. A process that outlived the program may hold the pipe open: it is waited for no longer than 5 s.
        var data: Data {
            if done.wait(timeout: .now() + 5) == .success { done.signal() }
            return dataSoFar
        }

        var dataSoFar: Data { collected.withLock { $0 } }
    }

    /// A program did not end in time.
    private struct TookTooLong: Error, CustomStringConvertible {
        let seconds: Double
        let errors: String
        var description: String { "it had not ended after \(seconds) s, and had said: \(errors)" }
    }
}
