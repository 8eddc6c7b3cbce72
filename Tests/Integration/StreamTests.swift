import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// What becomes of the programs where their standard streams take nothing, or are not there.
    @Suite("Streams")
    struct StreamTests {
        private let shop: Workshop

        init() throws { shop = try Workshop() }

        /// A planned run of simulated samples.
        private func plan(_ name: String = "run", samples: Int = 4, prompt: String = "rain") async throws -> FinishedRun
        {
            let rows = (0..<samples).map { #"{"id": "s\#($0)", "task": "joint", "prompt": "\#(prompt)"}"# }
            let job = try shop.writeJob(
                rows: rows, models: Workshop.allModels, sampling: "frames: 4, fps: 4, width: 64, height: 64")
            let run = FinishedRun(shop.path(name))
            let outcome = try await Programs.seehear("plan", job, "--out", run.folder)
            try #require(outcome.code == 0, "\(outcome.text)")
            return run
        }

        /// Runs a line of bash, in which `$SEEHEAR` and `$WORKER` are the programs and `$RUN` is the run.
        private func bash(_ line: String, _ run: FinishedRun, limit: Double = Programs.limit) async throws
            -> Programs.Outcome
        {
            let environment = [
                "SEEHEAR": try #require(Programs.built("seehear")),
                "WORKER": try #require(Programs.built("seehear-simulated-worker")), "RUN": run.folder,
                "REAL": try #require(Programs.built("seehear-worker")),
            ]
            return try await Running("bash", ["-c", "set -o pipefail; \(line)"], environment: environment)
                .outcome(limit: limit)
        }

        @Test(
            "a run ends as ever where its standard error is full, closed, or nobody reads it",
            arguments: ["2>/dev/full", "2>&-", "2> >(true)", "<&- >&- 2>&-", ">/dev/full 2>&1", "2>&1 | true"])
        func runs(streams: String) async throws {
            let run = try await plan()
            // A pipe whose reader has ended for sure.
            let outcome = try await bash("sleep 0.2 | $WORKER \"$RUN\" \(streams)", run)
            #expect(outcome.code == 0, "\(outcome.text)")
            #expect(try await run.rows().map(\.status) == [.ok, .ok, .ok, .ok])
            #expect(try String(contentsOfFile: "\(run.folder)/STATUS", encoding: .utf8) == "complete 0\n")
            let verified = try await Programs.seehear("verify", "--deep", run.folder)
            #expect(verified.code == 0, "\(verified.text)")
        }

        @Test("a run does not wait for a reader of its standard error that stands still")
        func stuck() async throws {
            let run = try await plan()
            let line = """
                mkfifo "$RUN/../pipe"; exec 9<>"$RUN/../pipe"
                dd if=/dev/zero of=/dev/fd/9 bs=4096 count=64 oflag=nonblock 2>/dev/null
                $WORKER "$RUN" 2>&9
                """
            let outcome = try await bash(line, run, limit: 60)
            #expect(outcome.code == 0, "\(outcome.text)")
            #expect(try await run.rows().count == 4)
        }

        @Test(
            "of a process that began without them, the descriptors 0 to 2 lead nowhere, and no file of a run has them")
        func descriptors() async throws {
            let run = try await plan(samples: 12, prompt: "slow")
            let worker = try #require(Programs.built("seehear-simulated-worker"))
            let running = try Running("bash", ["-c", "exec \"$0\" \"$1\" <&- >&- 2>&-", worker, run.folder])
            while run.committedSegments().isEmpty, !running.hasEnded { try await Task.sleep(for: .milliseconds(20)) }
            let processes = [running.pid] + running.computing()
            #expect(processes.count == 2)
            for process in processes {
                for descriptor in 0...2 {
                    let link = "/proc/\(process)/fd/\(descriptor)"
                    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/dev/null")
                }
            }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome()
        }

        @Test(
            "errors end with their code where nobody hears them",
            arguments: ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
        func errors(streams: String) async throws {
            let run = FinishedRun(shop.path("none"))
            for line in ["$SEEHEAR status \"$RUN\"", "$SEEHEAR nonsense", "$REAL \"$RUN\"", "$REAL --nonsense"] {
                let outcome = try await bash("\(line) \(streams)", run)
                #expect(outcome.code == 2, "\(line) \(streams): \(outcome.code)")
            }
        }

        @Test("what the worker prints is not lost without an error")
        func fullOutput() async throws {
            let run = FinishedRun(shop.path("none"))
            let full = try await bash("$REAL doctor > /dev/full", run)
            #expect(full.code == 1 && full.errors.contains("the disk is full"), "\(full.text)")
            let closed = try await bash("$REAL doctor | true", run)
            #expect(closed.code == 0 && closed.errors.isEmpty, "\(closed.text)")
        }
    }
}
