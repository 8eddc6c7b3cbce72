import Testing

@testable import Report

/// A sample that one run made, or did not.
func reported(
    _ key: String, _ results: ReportedSample.Result?..., task: String = "v2a", prompt: String? = nil
) -> ReportedSample {
    ReportedSample(key: key, task: task, prompt: prompt, seed: 7, duration: 2, results: results)
}

func made(score: Double? = nil, losses: [Double] = [], _ values: [String: Double]? = nil) -> ReportedSample.Result {
    var result = ReportedSample.Result(state: .ok, losses: losses)
    (result.score, result.values) = (score, values)
    return result
}

@Suite struct SampleChoiceTests {
    private let samples = [
        reported("a", made(score: 0.1, losses: [3, 0.5])), reported("b", made(score: 0.9, losses: [2, 0.7])),
        reported("c", ReportedSample.Result(state: .failed)), reported("d", made(score: 0.5, losses: [1, 0.2])),
        reported("e", nil), reported("f", made(["kl": 2])),
    ]

    private func keys(_ change: (inout SampleChoice) -> Void) throws -> [String] {
        var choice = SampleChoice()
        change(&choice)
        return try choice.places(in: samples).map { samples[$0].key }
    }

    @Test("a draw has the same samples each time, others by another seed, and none that was not made")
    func drawn() throws {
        let once = try keys { $0.drawn = 2 }
        #expect(try once == keys { $0.drawn = 2 } && once.count == 2)
        let seeds = try (0..<20).map { seed in try keys { ($0.drawn, $0.seed) = (2, UInt64(seed)) } }
        #expect(Set(seeds).count > 1)
        #expect(try keys { $0.drawn = 100 } == ["a", "b", "d", "f"])
        // A smaller draw is a part of a larger one.
        #expect(try Set(once).isSubset(of: keys { $0.drawn = 3 }))
    }

    @Test("the best have the highest scores, or the lowest losses, and the worst the others")
    func ranked() throws {
        #expect(try keys { $0.best = 1 } == ["b"])
        #expect(try keys { $0.worst = 1 } == ["a"])
        #expect(try keys { ($0.best, $0.measure) = (1, "loss") } == ["d"])
        #expect(try keys { ($0.worst, $0.measure) = (1, "loss") } == ["b"])
        #expect(try keys { ($0.best, $0.measure) = (5, "kl") } == ["f"])
        let error = #expect(throws: SampleChoice.Problem.self) { try keys { ($0.best, $0.measure) = (1, "fad") } }
        #expect(error == .noValues("fad", known: ["kl", "loss", "score"]))
    }

    @Test("named samples are shown whatever became of them, and one that is not there is named")
    func named() throws {
        #expect(try keys { $0.keys = ["e", "c"] } == ["c", "e"])
        #expect(throws: SampleChoice.Problem.noSuchKey("z")) { try keys { $0.keys = ["z"] } }
    }
}
