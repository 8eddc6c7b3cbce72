package import Foundation

/// Runs programs as a user does: this package's own, and those that make what it reads and read what it wrote.
package enum Programs {
    /// How a program ended, and what it said.
    package struct Outcome: Sendable {
        /// The exit code; 128 + n where signal n ended it.
        package let code: Int32
        /// Its standard output.
        package let data: Data
        /// Its standard error.
        package let errors: String

        /// The standard output as text.
        package var output: String { String(decoding: data, as: UTF8.self) }
        /// Both streams, for messages.
        package var text: String { errors + output }
        /// The lines of the standard output.
        package var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// The folder of the programs under test: the one that these tests were built into.
    package static let folder: URL = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var folder = URL(filePath: own).deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.isExecutableFile(atPath: folder.appending(path: "seehear-worker").path) { break }
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// Seconds after which a program has to have ended: a hang is a failure, not a wait.
    package static let limit = 120.0

    /// The path of a program of this package; nil for one that is not built.
    package static func built(_ program: String) -> String? {
        let path = folder.appending(path: program).path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    /// Runs a program of this package, or one on PATH.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], limit: Double = limit
    ) async throws -> Outcome {
        try await Running(built(program) ?? program, arguments, environment: environment).outcome(limit: limit)
    }
}
