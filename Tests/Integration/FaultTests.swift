import Fixtures
import Foundation
import Shard
import Testing

extension Integration {
    /// What dies while a job runs, and what the job makes of it.
    @Suite("Faults", .serialized)
    struct FaultTests {
        @Test("processes that compute are killed and stopped: the job goes on, and ends with the same bytes")
        func processes() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob(steps: 8, batch: 1)
            let whole = shop.path("whole")
            let undisturbed = try await Programs.mpirun(3, [job, "--out", whole])
            #expect(undisturbed.code == 0, "\(undisturbed.text)")

            let run = FinishedRun(shop.path("run"))
            var random = SplitMix64(seed: 5)
            let running = try Programs.start(3, [job, "--out", run.folder, "--silence-limit", "5"])
            for (number, signal) in [SIGKILL, SIGSTOP, SIGKILL].enumerated() {
                while run.committedSegments().count < number, !running.hasEnded {
                    try await Task.sleep(for: .milliseconds(5))
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<300, using: &random)))
                guard let victim = running.computing().randomElement(using: &random) else { continue }
                Glibc.kill(victim, signal)
            }
            let disturbed = try await running.outcome(limit: 120)
            #expect(disturbed.code == 0, "\(disturbed.text)")
            #expect(disturbed.errors.contains("was killed (signal 9)"), "\(disturbed.text)")
            #expect(running.computing().isEmpty)
            try FinishedRun(whole).expectSameBytes(as: run, "after the kills")
            let verified = try await Programs.seehear("verify", "--deep", run.folder)
            #expect(verified.code == 0, "\(verified.text)")
        }
    }
}
