import Foundation
import TestSupport
import Testing

extension Integration {
    /// Limits of the system that a program meets at its start.
    @Suite("Limits")
    struct LimitTests {
        /// An ordinary user: root's processes are not counted.
        private static let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

        private func run(_ limit: String, _ program: String, _ words: [String]) async throws -> Programs.Outcome {
            let program = try #require(Programs.built(program))
            return try await Running(
                Self.user[0],
                Self.user.dropFirst() + ["bash", "-c", "ulimit \(limit); exec \"$0\" \"$@\"", program] + words
            ).outcome(limit: 60)
        }

        @Test(
            "where no thread is to be had, a rank ends at once, with the limit's name",
            .enabled(if: geteuid() == 0, "only root can become another user"),
            arguments: [("-u 1", "1 processes and threads of this user (ulimit -u)"), ("-u 6", "(ulimit -u)")])
        func processes(limit: String, text: String) async throws {
            for words in [["/nonexistent/run"], ["doctor"]] {
                let outcome = try await run(limit, "seehear-worker", words)
                #expect(outcome.code == 1, "\(outcome.text)")
                #expect(outcome.errors.contains("threads could be made of the"), "\(outcome.text)")
                #expect(outcome.errors.contains(text), "\(outcome.text)")
            }
        }

        /// What the libraries alone take depends on the machine, so the room grows until the program gets past its start.
        @Test("the same where there is no room for their stacks")
        func addresses() async throws {
            let program = try #require(Programs.built("seehear-worker"))
            var said: [String] = []
            for kilobytes in stride(from: 1_000_000, to: 12_000_000, by: 250_000) {
                let outcome = try await Running(
                    "bash", ["-c", "ulimit -v \(kilobytes); exec \"$0\" \"$@\"", program, "/nonexistent/run"]
                ).outcome(limit: 60)
                said.append(outcome.errors)
                if outcome.code == 2 { break }
            }
            #expect(said.last?.contains("is not a run directory") == true, "\(said)")
            #expect(
                said.contains { $0.contains("threads could be made of the") && $0.contains("(ulimit -v)") }, "\(said)")
        }

        @Test(
            "commands that only read a run need no thread",
            .enabled(if: geteuid() == 0, "only root can become another user"))
        func readers() async throws {
            for words in [["status", "/nonexistent/run"], ["verify", "/nonexistent/run"]] {
                let outcome = try await run("-u 1", "seehear", words)
                #expect(outcome.code == 2 && outcome.errors.hasPrefix("error: "), "\(outcome.text)")
            }
        }
    }
}
