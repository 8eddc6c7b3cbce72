import Foundation
import Testing

@testable import Planning

@Suite struct KeptScoresTests {
    private func resolve(_ guidance: String, batch: Int) throws -> Job {
        try JobFile.resolve(
            "task: v2a\nmanifest: m.jsonl\nmodels: {audio: a/b, binder: c/d}\nbatch: \(batch)\nguidance: \(guidance)\n",
            path: "job.yaml")
    }

    /// 1024 beginnings of which one goes at each of `count` steps.
    private func slowRounds(_ count: Int) -> String {
        let rounds = (1...count).map { "\(Double($0) / 100): \(1024 - $0)" }.joined(separator: ", ")
        return "{particles: 1024, rounds: {\(rounds)}}"
    }

    @Test("more scores than a record can hold are refused before anything is made")
    func tooMany() throws {
        #expect { try resolve(slowRounds(17), batch: 1) } throws: {
            "\($0)".contains("guidance.rounds") && "\($0)".contains("scores up to 17272 beginnings of a sample")
        }
        _ = try resolve(slowRounds(16), batch: 256)
        #expect { try resolve(slowRounds(16), batch: 512) } throws: {
            "\($0)".contains("set `batch` to at most 257")
        }
        _ = try resolve("{particles: 16, rounds: {0.1: 4, 0.3: 1}}", batch: 4096)
    }
}
