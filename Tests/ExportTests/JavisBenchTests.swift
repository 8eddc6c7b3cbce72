import Foundation
import Planning
import TestSupport
import Testing

@testable import Export

/// Exports for JavisBench, held to which files it asks for.
@Suite struct JavisBenchTests {
    private let folder: TemporaryFolder
    private var out: String { folder.url.appending(path: "out").path }
    private let film: [UInt8]
    private let sound: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        film = try TestClip.film(1, audio: TestClip.tone(1))
        sound = try TestClip.sound(TestClip.tone(1))
    }

    private func request(_ generated: String, _ table: String? = nil) throws -> ExportRequest {
        func path(_ name: String) -> String { name.hasPrefix("/") ? name : folder.url.appending(path: name).path }
        var request = ExportRequest(.javisBench, generated: path(generated), folder: out)
        request.manifest = table.map(path)
        return request
    }

    /// Expects both files of each of so many rows, and no other of that kind.
    private func expectRows(_ count: Int) throws {
        let wanted = (0..<count).flatMap { row in
            [String(format: "sample_%04d.mp4", row), String(format: "sample_%04d.wav", row)]
        }
        #expect(try listed(out).filter { !$0.hasSuffix(".csv") } == wanted)
        for name in wanted where name.hasSuffix(".wav") { #expect(try PlainWave("\(out)/\(name)").bits == 16) }
    }

    @Test("without a table samples are numbered by name without a gap, and a table says which is which")
    func byName() throws {
        for name in ["b", "a", "d", "e"] { try folder.write(film, to: "made/\(name).mp4") }
        try folder.write(Array("no film".utf8), to: "made/c.mp4")
        try folder.write(sound, to: "made/only-sound.flac")
        let result = try Exporter.export(request("made"))
        try expectRows(4)
        #expect(
            try records("\(out)/names.csv") == [
                ["file", "name"], ["sample_0000", "a"], ["sample_0001", "b"], ["sample_0002", "d"],
                ["sample_0003", "e"],
            ])
        #expect(try folder.read("out/sample_0002.mp4") == film)
        #expect(result.leftOut.map(\.name) == ["c", "only-sound"] && result.hasUnreadable)
        #expect(result.leftOut[1].reason == .noFilm)
        #expect(result.lines.joined().contains("eval.javisbench.main") && result.lines.joined().contains(out))
    }

    @Test("numbers beyond four digits are written whole", arguments: [(7, "sample_0007"), (12345, "sample_12345")])
    func numbers(row: Int, stem: String) { #expect(JavisBenchName.stem(row: row) == stem) }

    @Test(
        "the rows of a table give the order, by id or by file, of a manifest and of JavisBench's list",
        arguments: [
            ("list.jsonl", "{\"id\": \"c\"}\n\n{\"id\": \"a\", \"prompt\": \"x\"}\n{\"video\": \"clips/b.b.mp4\"}\n"),
            ("list.csv", "text,path\n\"one, two\",/data/c.mp4\n\"and\n\"\"three\"\"\",a.mp4\n,x/b.b.mkv\n"),
        ])
    func order(name: String, text: String) throws {
        try folder.write(text, to: name)
        let run = try MadeRun(
            in: folder,
            ["a", "b_b", "c", "unwanted"].map { ($0, $0, ["mp4": film, "flac": sound]) })
        let result = try Exporter.export(request(run.folder, name))
        try expectRows(3)
        #expect(
            try records("\(out)/names.csv").dropFirst() == [
                ["sample_0000", "c"], ["sample_0001", "a"], ["sample_0002", "b_b"],
            ])
        #expect(result.leftOut == [LeftOut("unwanted", .notInManifest)])
    }

    @Test("a manifest of prompts alone numbers its samples as the plan did")
    func prompts() throws {
        try folder.write("prompt\nrain\nwind\n", to: "list.csv")
        let run = try MadeRun(in: folder, ["row-000003", "row-000002"].map { ($0, nil, ["mp4": film]) })
        _ = try Exporter.export(request(run.folder, "list.csv"))
        #expect(try records("\(out)/names.csv").map { $0[1] } == ["name", "row-000002", "row-000003"])
    }

    @Test(
        "the first row without files is named, with why, and nothing is left",
        arguments: [
            ("{\"id\": \"a\"}\n{\"id\": \"gone\"}", "row 2 needs the sample `gone`, which is not there"),
            ("{\"id\": \"a\"}\n{\"id\": \"failed\"}", "row 2 needs the sample `failed`, failed in the run: the result"),
            ("{\"id\": \"a\"}\n{\"id\": \"heard\"}", "row 2 needs the sample `heard`, without an mp4"),
            ("{\"id\": \"a\"}\n{\"id\": \"bad\"}", "row 2 needs the sample `bad`, unreadable: "),
            ("{\"id\": \"a\"}\n{\"id\": \"a\"}", "rows 1 and 2 both name `a`"),
            ("{\"id\": \"a\"}\n{\"id\": ", "row 2: "),
        ])
    func missing(table: String, words: String) throws {
        try folder.write(table, to: "list.jsonl")
        let run = try MadeRun(
            in: folder,
            [
                ("a", nil, ["mp4": film]), ("failed", nil, nil), ("heard", nil, ["flac": sound]),
                ("bad", nil, ["mp4": Array("no film".utf8)]),
            ])
        let said = try refusal(request(run.folder, "list.jsonl"))
        #expect(said.contains(words) && said.contains("list.jsonl"), "\(said)")
        #expect(try listed(folder.path) == ["list.jsonl", "run"])
    }
}
