import Method
import Testing

@testable import Planning

@Suite struct KeptScoresTests {
    /// What is wrong with the guidance of rows of `v2a`.
    private func problems(_ guidance: String, batch: Int) throws -> [String] {
        let job = try JobFile.resolve(
            "task: v2a\nmanifest: m.jsonl\nmodels: {audio: a/b, binder: c/d}\nbatch: \(batch)\nguidance: \(guidance)\n",
            path: "job.yaml")
        return job.guidanceProblems(of: .v2a).map { "\($0.key) \($0.found); \($0.remedy)" }
    }

    /// 1024 beginnings of which one goes at each of `count` steps.
    private func slowRounds(_ count: Int) -> String {
        let rounds = (1...count).map { "\(Double($0) / 100): \(1024 - $0)" }.joined(separator: ", ")
        return "{particles: 1024, rounds: {\(rounds)}}"
    }

    @Test("more scores than a record can hold are refused before anything is made")
    func tooMany() throws {
        let slow = try problems(slowRounds(17), batch: 1)
        #expect(slow.count == 1)
        #expect(
            slow.first?.contains("rounds scores up to 17272 beginnings of a sample, which are kept with it") == true)
        #expect(try problems(slowRounds(16), batch: 256).isEmpty)
        let wide = try problems(slowRounds(16), batch: 512)
        #expect(wide.count == 1)
        #expect(wide.first?.contains("16264 beginnings of each of 512 samples") == true)
        #expect(wide.first?.contains("set `batch` to at most 257") == true)
        #expect(try problems("{particles: 16, rounds: {0.1: 4, 0.3: 1}}", batch: 4096).isEmpty)
    }
}
