import Foundation
import Method
import TestSupport
import Testing

@testable import Planning
@testable import Preflight

@Suite struct ProtocolPlannerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func clip(_ seconds: Double, sound: Bool = true) -> ProbedInput {
        ProbedInput(
            duration: seconds, audioDuration: sound ? seconds : nil, width: 64, height: 64, hasAudio: sound,
            isImage: false)
    }

    private func plan(_ more: String = "") throws -> EvaluationProtocol {
        try EvaluationProtocol.load(
            folder.write("title: t\ntask: v2a\nsamples: 3\nwindow: {seconds: 10, least: 9}\n\(more)", to: "p.yaml"))
    }

    /// Clips a…h; what is wrong with some costs them their place, and the next takes it.
    private func choice(
        _ plan: EvaluationProtocol, _ answers: [String: ProbedInput], most: Int? = nil, pictures: String? = nil
    ) throws -> ProtocolPlanner.Choice {
        for name in answers.keys { try folder.write("", to: "clips/\(name)") }
        return try ProtocolPlanner(inputs: FakeInputs(answers), threads: 2).choose(
            plan, data: folder.url.appending(path: "clips").path, list: nil, most: most, pictures: pictures)
    }

    @Test("what cannot be used is named, and the next of the list takes its place")
    func replaced() throws {
        let names = "abcdefgh".map { "\($0).mp4" }
        let whole = Dictionary(names.map { ($0, Self.clip(10.01)) }) { first, _ in first }
        let order = try choice(plan(), whole, most: 8).samples.map(\.key)
        #expect(order.count == 8 && order.sorted() == "abcdefgh".map(String.init))
        var answers = whole
        answers["\(order[0]).mp4"] = Self.clip(8)
        answers["\(order[2]).mp4"] = Self.clip(10, sound: false)
        let found = try choice(plan(), answers)
        #expect(found.samples.map(\.key) == [order[1], order[3], order[4]])
        #expect(found.missing.map(\.id) == [order[0], order[2]] && found.candidates == 8)
        #expect(found.missing[0].reason.contains("lasts 8.0 s, and 9.0 s are needed"))
        #expect(found.missing[1].reason.contains("no audio"))
    }

    @Test("rows and reference have the same window")
    func windows() throws {
        let found = try choice(
            plan("").with("window: {at: middle, seconds: 2, least: 2, rate: 8, frames: 16}", in: folder),
            ["a.mp4": Self.clip(9.5)])
        let sample = try #require(found.samples.first)
        #expect(sample.start == 3.75 && sample.seconds == 2)
        let row = String(decoding: sample.row(.a2v), as: UTF8.self)
        #expect(row.contains(#""audio":""#) && row.contains(#""start":3.75,"duration":2}"#), "\(row)")
        let line = String(
            decoding: sample.reference(.init(place: .middle, seconds: 2, least: 2, frames: (8, 16))), as: UTF8.self)
        #expect(line.contains(#""start":3.75,"seconds":2,"rate":8,"frames":16"#), "\(line)")
        // What was written is read again.
        try folder.write(line, to: "list.jsonl")
        let read = try EvaluatedSet(folder.url.appending(path: "list.jsonl").path, side: .reference).samples
        #expect(read.first?.picture?.window == .init(start: 3.75, seconds: 2, rate: 8, frames: 16))
    }

    @Test("what is made from nothing has a row without the clip, which stands in the reference")
    func unconditional() throws {
        let found = try choice(plan().with("task: mm", in: folder), ["a.mp4": Self.clip(9.5)])
        let sample = try #require(found.samples.first)
        #expect(String(decoding: sample.row(.mm), as: UTF8.self) == "{\"id\":\"a\"}\n")
        let window = EvaluationProtocol.Window(place: .start, seconds: 10, least: 9)
        #expect(String(decoding: sample.reference(window), as: UTF8.self).contains("clips/a.mp4"))
        let error = #expect(throws: EvaluationProtocolError.self) {
            try EvaluationProtocol.load(folder.write("title: t\ntask: mm\nlabels: true\n", to: "p.yaml"))
        }
        #expect(error?.description.contains("task mm has no prompt") == true, "\(error?.description ?? "")")
    }

    @Test("pictures take the place of key frames, and a clip without one is missing")
    func pictures() throws {
        try folder.write("", to: "drawn/a.png")
        let found = try choice(
            plan().with("task: i2a", in: folder), ["a.mp4": Self.clip(10), "b.mp4": Self.clip(10)],
            pictures: folder.url.appending(path: "drawn").path)
        #expect(found.samples.map(\.key) == ["a"] && found.missing.map(\.id) == ["b"])
        #expect(String(decoding: found.samples[0].row(.i2a), as: UTF8.self).contains("drawn/a.png"))
    }

    @Test("nothing that can be used is an error with the first reason")
    func none() throws {
        let error = #expect(throws: EvaluationProtocolError.self) { try choice(plan(), ["a.mp4": Self.clip(1)]) }
        #expect(error?.description.contains("none of 1 clips") == true, "\(error?.description ?? "")")
        #expect(throws: EvaluationProtocolError.noData(title: "t")) {
            try ProtocolPlanner(inputs: FakeInputs([:])).choose(plan(), data: nil, list: nil)
        }
    }
}

extension EvaluationProtocol {
    /// The protocol with one line changed.
    fileprivate func with(_ line: String, in folder: TemporaryFolder) throws -> EvaluationProtocol {
        let key = String(line.prefix { $0 != ":" })
        let lines = try String(decoding: folder.read("p.yaml"), as: UTF8.self).split(separator: "\n").map(String.init)
        return try EvaluationProtocol.load(
            folder.write(lines.map { $0.hasPrefix("\(key):") ? line : $0 }.joined(separator: "\n"), to: "p.yaml"))
    }
}
