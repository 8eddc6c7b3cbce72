import Foundation
import Synchronization
internal import Threads

/// What a short-lived program wrote and how it ended.
package struct ProcessOutput: Sendable, Equatable {
    /// The exit status; 128 + n where signal n ended it.
    package let status: Int32
    package let output: String
    package let errors: String
    /// Whether it was ended because it took too long.
    package let timedOut: Bool

    package init(status: Int32, output: String, errors: String, timedOut: Bool = false) {
        self.status = status
        self.output = output
        self.errors = errors
        self.timedOut = timedOut
    }

    /// Runs a program and waits for it. Blocks.
    /// - Parameter limit: Seconds after which it is killed.
    /// - Returns: nil where it could not be started, as without threads to wait for it and read what it writes.
    package static func run(_ executable: String, _ arguments: [String], limit: Double) -> ProcessOutput? {
        // Foundation's own wait for ever for the one that they could not start.
        guard (try? SystemThread.require(4, workers: 0)) != nil else { return nil }
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            try process.run()
        } catch {
            return nil
        }
        // Both at once: a program that fills one pipe while the other is read to its end would wait for ever.
        let reading = [output, errors].map { Reader($0.fileHandleForReading) }
        let timedOut = ended.wait(timeout: .now() + limit) == .timedOut
        if timedOut {
            kill(process.processIdentifier, SIGKILL)
            // A process that the kernel cannot end, as in a call of a driver that hangs, is left to itself.
            guard ended.wait(timeout: .now() + 10) == .success else {
                return ProcessOutput(status: 128 + SIGKILL, output: "", errors: "", timedOut: true)
            }
        }
        let texts = reading.map { $0.text(limit: 5) }
        let status = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        return ProcessOutput(status: status, output: texts[0], errors: texts[1], timedOut: timedOut)
    }

    /// Collects what comes out of a pipe on a thread of its own.
    private final class Reader: Sendable {
        private let data = Mutex(Data())
        private let done = DispatchSemaphore(value: 0)

        init(_ handle: FileHandle) {
            let descriptor = handle.fileDescriptor
            // Without a thread nothing of it is read; the program is ended at its limit, if it waits for that.
            let begun: ()? = try? SystemThread.start("output") { [self] in
                var piece = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
                    if count < 0, errno == EINTR { continue }
                    if count <= 0 { break }
                    data.withLock { if $0.count < 1 << 20 { $0.append(contentsOf: piece[..<count]) } }
                }
                withExtendedLifetime(handle) {}
                done.signal()
            }
            if begun == nil { done.signal() }
        }

        /// What came, after the pipe's end; a grandchild that keeps the pipe open is waited for no longer than `limit`.
        func text(limit: Double) -> String {
            _ = done.wait(timeout: .now() + limit)
            return String(decoding: data.withLock { $0 }, as: UTF8.self)
        }
    }
}
