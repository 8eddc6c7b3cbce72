import Foundation
import TestSupport
import Testing

@testable import Planning

@Suite struct EvaluationProtocolTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func plan(_ text: String) throws -> EvaluationProtocol {
        try EvaluationProtocol.load(folder.write(Data(text.utf8), to: "p.yaml"))
    }

    @Test("every protocol that is shipped is read")
    func shipped() throws {
        let all = Fixtures.checkout.appending(path: "eval/protocols")
        let files = try FileManager.default.contentsOfDirectory(atPath: all.path).filter { $0.hasSuffix(".yaml") }
        #expect(files.count == 6)
        for file in files {
            let plan = try EvaluationProtocol.load(all.appending(path: file).path)
            #expect(!plan.remarks.isEmpty && plan.window.least <= plan.window.seconds, "\(file)")
            guard plan.source == .prompts else { continue }
            let prompts = try ProtocolCandidates(plan, data: nil, list: nil).all
            #expect(prompts.count == 100 && Set(prompts.compactMap(\.caption)).count == 100)
            #expect(prompts.map(\.id) == prompts.map(\.id).sorted())
        }
    }

    @Test(
        "what is wrong is said with its line",
        arguments: [
            ("title: t\nsamples: 0", "p.yaml:2: `samples`"), ("samples: 3", "`title` is missing"),
            ("title: t\ntask: v2x", "p.yaml:2: `task`"), ("title: t\nsource: prompts", "must name a text file"),
            ("title: t\nwindow: {rate: 8}", "stands alone"), ("title: t\nstyle: mine", "it must be one of"),
            ("title: t\ntable: big", "`table`"), ("title: t\nsample: 3", "did you mean `samples`?"),
            ("- a", "must be a mapping"), ("a: [", "not valid YAML"), ("title: t\ntask: joint", "prompts are for"),
        ])
    func refused(text: String, words: String) throws {
        let error = #expect(throws: EvaluationProtocolError.self) { try plan(text) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("which clips come first depends on seed and ids alone")
    func order() throws {
        let names = (0..<20).map { "id\($0)_00\($0 % 10)00\($0 % 7)" }
        for name in names { try folder.write(Data(), to: "clips/\(name).mp4") }
        let clips = folder.url.appending(path: "clips").path
        func chosen(_ seed: Int, _ rows: [String]?) throws -> [String] {
            let list = try rows.map { try folder.write(Data($0.joined(separator: "\n").utf8), to: "list.csv") }
            return try ProtocolCandidates(plan("title: t\nseed: \(seed)\nsplit: test"), data: clips, list: list).all
                .map(\.id)
        }
        let row = { (name: String) in
            let parts = name.split(separator: "_")
            return "\(parts[0]),\(Int(parts[1])!),\"a, b\",test"
        }
        let found = try chosen(1, nil)
        #expect(found.sorted() == names.sorted() && found != names)
        #expect(try chosen(1, names.map(row)) == found)
        #expect(try chosen(1, names.reversed().map(row) + ["other,5,c,train"]) == found)
        #expect(try chosen(2, nil) != found)
        // Ids that the copy lacks are candidates all the same, so that they can be counted.
        let more = try ProtocolCandidates(
            plan("title: t"), data: clips,
            list: folder.write(Data("gone,7,c,test\n\(row(names[0]))".utf8), to: "more.csv")
        ).all
        #expect(more.first { $0.id == "gone_000007" }.map(\.clip) == .some(nil))
        #expect(more.first { $0.id == names[0] }?.caption == "a, b")
    }

    @Test(
        "lists that are none are refused with their line",
        arguments: [("a,b,c,test", "list.csv:1:"), ("a,1,c", "list.csv:1:"), ("a,1,c,train", "only of train")])
    func lists(text: String, words: String) throws {
        try folder.write(Data(), to: "clips/a.mp4")
        let list = try folder.write(Data(text.utf8), to: "list.csv")
        let error = #expect(throws: EvaluationProtocolError.self) {
            try ProtocolCandidates(
                plan("title: t\nsplit: test"), data: folder.url.appending(path: "clips").path, list: list)
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("a list of samples names files and what of them is looked at")
    func evaluatedList() throws {
        try folder.write(Data("film".utf8), to: "b.mp4")
        try folder.write(Data("sound".utf8), to: "b.wav")
        let lines = """
            {"name": "two", "video": "b.mp4", "audio": "b.wav", "start": 1.5, "seconds": 2, "rate": 8, "frames": 16, "prompt": "p"}

            {"name": "one", "video": "b.mp4"}
            """
        let path = try folder.write(Data(lines.utf8), to: "list.jsonl")
        let samples = try EvaluatedSet(path, side: .reference).samples
        #expect(samples.map(\.name) == ["one", "two"])
        #expect(samples[0].sound == samples[0].picture && samples[0].picture?.window == nil)
        #expect(samples[1].picture?.window == .init(start: 1.5, seconds: 2, rate: 8, frames: 16))
        #expect(samples[1].sound?.path.hasSuffix("b.wav") == true && samples[1].prompt == "p")
    }

    @Test(
        "lines that are none are refused by number",
        arguments: [
            ("{\"name\": \"a\"}", ":1:"), ("{\"video\": \"b.mp4\"}", ":1:"), ("\n{", ":2:"),
            ("{\"name\": \"a\", \"video\": \"b.mp4\", \"size\": 3}", "`size` is unknown"),
            ("{\"name\": \"a\", \"video\": \"b.mp4\", \"seconds\": 0}", "out of range"),
            ("{\"name\": \"a\", \"video\": \"b.mp4\", \"frames\": 3}", "without a rate"),
            ("{\"name\": \"a\", \"video\": \"b.mp4\"}\n{\"name\": \"a\", \"video\": \"b.mp4\"}", "stands in line 1"),
            ("{\"name\": \"a\", \"video\": \"none.mp4\"}", "none.mp4 cannot be read"),
        ])
    func refusedLines(text: String, words: String) throws {
        try folder.write(Data(), to: "b.mp4")
        let path = try folder.write(Data(text.utf8), to: "list.jsonl")
        let error = #expect(throws: EvaluatedSetError.self) { try EvaluatedSet(path, side: .reference) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}
