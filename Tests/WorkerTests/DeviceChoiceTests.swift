import Planning
import Testing
@testable import Worker

@Suite struct DeviceChoiceTests {
    struct Case: Sendable {
        var settings: [String]
        var multipliesBFloat16 = true
        var warnings: [String] = []
    }

    @Test(
        "what does nothing on the CPU, or costs time there, is said",
        arguments: [
            Case(settings: []),
            Case(settings: ["precision=bf16"]),
            Case(settings: ["precision=bf16"], multipliesBFloat16: false, warnings: ["precision bf16 may be slower"]),
            Case(settings: ["precision=fp16"], warnings: ["precision fp16 may be slower"]),
            Case(settings: ["tf32=on", "graphs=on"], warnings: ["tf32 is on and has no", "graphs is on and has no"]),
        ])
    func warnings(_ c: Case) throws {
        let job = try JobFile.resolve(
            "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a, binder: b}\n", path: "/data/job.yaml",
            overrides: c.settings)
        let choice = try DeviceChoice(.cpu, threads: 1, localRank: 0, ranksOnNode: 1)
        let found = choice.warnings(for: job, multipliesBFloat16: c.multipliesBFloat16)
        #expect(found.count == c.warnings.count)
        for (sentence, beginning) in zip(found, c.warnings) { #expect(sentence.hasPrefix(beginning), "\(sentence)") }
    }
}
