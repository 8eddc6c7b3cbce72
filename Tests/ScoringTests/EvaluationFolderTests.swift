import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import Scoring

@Suite struct EvaluationFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func refusal(_ name: String = "made") -> String? {
        do throws(EvaluationFolderError) {
            _ = try EvaluationFolder("\(folder.path)/\(name)")
            return nil
        } catch {
            return error.description
        }
    }

    @Test("an evaluation is found as a folder, and as that of a run; values come back as they were written")
    func found() throws {
        let (found, scores) = mean("kl", ["b": 0.1, "a": 2.5, "ä": -0.25])
        let written = try folder.evaluation("run/evaluation", [found], scores: scores)
        let read = try EvaluationFolder("\(folder.path)/run")
        #expect(read.path == written.path && read.result == written.result && read.scores == scores)
        #expect(
            String(decoding: try folder.read("run/evaluation/scores.jsonl"), as: UTF8.self)
                == #"{"name":"a","scores":{"kl":2.5}}"# + "\n" + #"{"name":"b","scores":{"kl":0.1}}"# + "\n"
                + #"{"name":"ä","scores":{"kl":-0.25}}"# + "\n")
    }

    @Test("a metric is known by its name and by the short one")
    func names() throws {
        let (found, scores) = mean("av-align:paper", ["a": 1])
        let read = try folder.evaluation("made", [found], scores: scores)
        #expect(read.metric(named: "av-align") == "av-align:paper" && read.metric(named: "av-align:paper") != nil)
        #expect(read.metric(named: "av-align:svg") == nil && read.metric(named: "kl") == nil)
    }

    @Test("what is not there is said with what to name")
    func missing() throws {
        #expect(refusal()?.contains("made: there is nothing; name the folder of an evaluation") == true)
        try folder.write("", to: "made")
        #expect(refusal()?.contains("made is a file") == true)
        try folder.write("", to: "other/x")
        #expect(refusal("other")?.contains("other has no evaluation.json, nor has its folder evaluation") == true)
        try folder.write("{}", to: "other/evaluation.json")
        #expect(
            refusal("other")?.contains("evaluation.json is not the result of an evaluation: field 'schema'") == true)
    }

    @Test("files that were damaged or are of another version are named with the line or the field")
    func damaged() throws {
        let (found, scores) = mean("kl", ["a": 1, "b": 2])
        _ = try folder.evaluation("made", [found], scores: scores)
        let json = String(decoding: try folder.read("made/evaluation.json"), as: UTF8.self)
        for (changed, words) in [
            (
                json.replacing("seehear.evaluation/1", with: "seehear.evaluation/9"),
                "its schema is `seehear.evaluation/9`"
            ),
            (
                json.replacing("\"samples\":2", with: "\"samples\":\"2\""),
                "field 'metrics[0].samples' has the wrong type"
            ),
            (String(json.dropLast(2)), "is not the result of an evaluation: it is not valid JSON"),
        ] {
            try folder.write(changed, to: "made/evaluation.json")
            let text = refusal() ?? ""
            #expect(text.contains("made/evaluation.json") && text.contains(words), "\(text)")
            #expect(text.hasSuffix("; compute the metrics again with seehear eval"), "\(text)")
        }
        try folder.write(json, to: "made/evaluation.json")
        let first = #"{"name":"a","scores":{"kl":1}}"# + "\n"
        for (lines, words) in [
            (first + #"{"name":"b","scores":{"kl":"2"}}"# + "\n", "scores.jsonl line 2 is malformed"),
            (first + #"{"name":"b","scores":{"kl":1e999}}"# + "\n", "line 2 is malformed: 1e999 is out of range"),
            (first + #"{"name":"b"}"# + "\n", "line 2 is malformed: field 'scores' is missing"),
            (first + first, "line 2 is malformed: `a` has a line before it"),
            (first + #"{"name":"b","scores":{"kl":2}}"#, "its last line has no end"),
            (first, "does not hold the values whose mean evaluation.json has for kl"),
            (first + #"{"name":"b","scores":{"kl":3}}"# + "\n", "does not hold the values"),
        ] {
            try folder.write(lines, to: "made/scores.jsonl")
            let text = refusal() ?? ""
            #expect(text.contains("made/scores.jsonl") && text.contains(words), "\(text)")
        }
        try FileManager.default.removeItem(atPath: "\(folder.path)/made/scores.jsonl")
        #expect(refusal()?.contains("made/scores.jsonl: there is no such file") == true)
    }

    @Test("mutated results and values are read or refused, and what is read can be compared and shown")
    func fuzz() throws {
        let (kl, scores) = mean("kl", ["a": 1, "b": 2])
        var made = findings("isc", 3.5)
        made.deviation = 0.5
        made.unusable = ["c": "too short"]
        let good = try folder.evaluation("good", [kl, made], scores: scores, reference: "/real")
        let json = try folder.read("good/evaluation.json")
        let lines = try folder.read("good/scores.jsonl")
        var mutator = ByteMutator(seed: 41)
        var (read, whole) = (0, 0)
        for _ in 0..<3000 {
            if let result = try? EvaluationFolder.result(mutator.mutate(json), "evaluation.json") {
                read += 1
                #expect(!EvaluationTable(result).text.isEmpty)
            }
            _ = try? SampleScores(parsing: mutator.mutate(lines), name: "scores.jsonl")
        }
        for round in 0..<400 {
            try folder.write(round % 2 == 0 ? mutator.mutate(json) : json, to: "bad/evaluation.json")
            try folder.write(round % 2 == 1 ? mutator.mutate(lines) : lines, to: "bad/scores.jsonl")
            guard let bad = try? EvaluationFolder("\(folder.path)/bad") else { continue }
            whole += 1
            let comparison = EvaluationComparison(good, bad, anyway: true)
            _ = try JSONCoding.encode(comparison)
            #expect(ComparisonTable(comparison).rows.allSatisfy { $0.count == 6 })
        }
        #expect(read > 0 && whole > 0)
    }
}
