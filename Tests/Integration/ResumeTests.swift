import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// Runs that were interrupted.
    @Suite("Interrupted runs", .serialized)
    struct ResumeTests {
        @Test("a run whose every process is killed goes on where it was, and ends with the same bytes")
        func killed() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob(steps: 8, batch: 1)
            let whole = shop.path("whole")
            let uninterrupted = try await Programs.mpirun(3, [job, "--out", whole])
            #expect(uninterrupted.code == 0, "\(uninterrupted.text)")

            let run = FinishedRun(shop.path("run"))
            let planned = try await Programs.seehear("plan", job, "--out", run.folder)
            #expect(planned.code == 0, "\(planned.text)")
            let running = try Programs.start(3, [run.folder])
            while run.committedSegments().count < 2, !running.hasEnded {
                try await Task.sleep(for: .milliseconds(5))
            }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome(limit: 30)
            let before = try await run.committedRows()
            try #require((1..<6).contains(before.count), "it must be killed part-way; \(before.count) of 6 were done")

            let resumed = try await Programs.mpirun(3, [run.folder])
            #expect(resumed.code == 0, "\(resumed.text)")
            try FinishedRun(whole).expectSameBytes(as: run, "after the kill")
            // Rows hold the seconds that each stage took: the same row was not made a second time.
            let after = Dictionary(uniqueKeysWithValues: try await run.rows().map { ($0.key, $0) })
            for var row in before {
                var last = try #require(after[row.key])
                (row.shard, row.offset, last.shard, last.offset) = (nil, nil, nil, nil)
                #expect(last == row, "\(row.key) was done again")
            }
            let verified = try await Programs.seehear("verify", "--deep", run.folder)
            #expect(verified.code == 0, "\(verified.text)")

            let finished = try run.fixedBytes()
            let again = try await Programs.mpirun(3, [run.folder])
            #expect(again.code == 0, "\(again.text)")
            #expect(try run.fixedBytes() == finished)
        }

        @Test("SIGTERM ends a run early with 75, and the same command finishes it")
        func drained() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let run = FinishedRun(shop.path("run"))
            let job = try shop.writeJob(steps: 8, batch: 1)
            let running = try Running(
                Programs.folder.appending(path: "seehear-worker").path, [job, "--out", run.folder])
            while run.committedSegments().isEmpty, !running.hasEnded { try await Task.sleep(for: .milliseconds(5)) }
            Glibc.kill(running.pid, SIGTERM)
            let stopped = try await running.outcome(limit: 60)
            #expect(stopped.code == 75, "\(stopped.text)")
            let resumed = try await Programs.worker([run.folder])
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(try await run.rows().count == 6)
        }

        @Test("another job in the same directory is refused, with what differs")
        func conflict() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob()
            let planned = try await Programs.seehear("plan", job, "--out", shop.path("run"))
            #expect(planned.code == 0, "\(planned.text)")
            let same = try await Programs.seehear("plan", job, "--out", shop.path("run"))
            #expect(same.code == 0 && same.output.contains("the same plan was already there"), "\(same.text)")
            let other = try await Programs.worker([job, "--out", shop.path("run"), "--set", "seed=31"])
            #expect(other.code == 2 && other.errors.contains("seed"), "\(other.text)")
        }
    }
}
