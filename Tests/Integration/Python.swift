import Foundation
import TestSupport
import Testing

/// The Python environment that `make test` prepares for these tests.
enum Python {
    private static let program = Fixtures.checkout.appending(path: ".venv/integration/bin/python").path

    /// Runs a script of this checkout, named by its path there. Without the environment the test is cancelled and says so.
    static func run(
        _ script: String, _ arguments: String..., limit: Double = Programs.limit
    ) async throws -> Programs.Outcome {
        try require()
        return try await Programs.run(
            program, [Fixtures.checkout.appending(path: script).path] + arguments, limit: limit)
    }

    /// Starts a script and does not wait for it.
    static func start(_ script: String, _ arguments: [String]) throws -> Running {
        try require()
        return try Running(program, [Fixtures.checkout.appending(path: script).path] + arguments)
    }

    private static func require() throws {
        guard FileManager.default.isExecutableFile(atPath: program) else {
            try Test.cancel("there is no .venv/integration; `make test` prepares it")
        }
    }
}
