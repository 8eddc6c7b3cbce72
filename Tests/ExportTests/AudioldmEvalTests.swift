import Foundation
import Media
import Planning
import TestSupport
import Testing

@testable import Export

/// Exports for audioldm_eval, held to what it does with two folders.
@Suite struct AudioldmEvalTests {
    private let folder: TemporaryFolder
    private var out: String { folder.url.appending(path: "out").path }

    init() throws { folder = try TemporaryFolder() }

    private func request(_ generated: String, _ reference: String) -> ExportRequest {
        func path(_ name: String) -> String { name.hasPrefix("/") ? name : folder.url.appending(path: name).path }
        return ExportRequest(.audioldmEval, generated: path(generated), reference: path(reference), folder: out)
    }

    /// What it pairs: all that lies in the two folders, by names with extension, where more than 99 % of each is in both.
    private func pairs() throws -> [String] {
        let (generated, reference) = (Set(try listed("\(out)/generated")), Set(try listed("\(out)/reference")))
        try #require(generated.count > 1 && reference.count > 1)
        let both = generated.intersection(reference)
        try #require(Double(both.count) / Double(generated.count) > 0.99)
        try #require(Double(both.count) / Double(reference.count) > 0.99)
        return both.sorted()
    }

    @Test("of a run the sound file is taken before the film's, and every sample is as it was")
    func run() throws {
        let stereo = TestClip.tone(0.5, rate: 22050, channels: 2)
        let film = try TestClip.film(1, audio: TestClip.tone(1, rate: 16000))
        let run = try MadeRun(
            in: folder,
            [
                ("b", "x", ["flac": try TestClip.sound(stereo), "mp4": film]), ("failed", nil, nil),
                ("a", nil, ["mp4": film]), ("c", nil, ["wav": try TestClip.sound(TestClip.tone(0.3), as: .wav)]),
                ("lonely", nil, ["flac": try TestClip.sound(TestClip.tone(0.2))]), ("mute", nil, ["png": [1]]),
            ])
        let truth = TestClip.tone(0.7, pitch: 500, rate: 48000)
        for (name, bytes) in [
            ("a.wav", try TestClip.sound(truth, as: .wav)), ("b.mp4", film), ("c.flac", try TestClip.sound(truth)),
            ("mute.flac", try TestClip.sound(truth)), ("failed.flac", try TestClip.sound(truth)),
            ("other.flac", try TestClip.sound(truth)), ("notes.txt", [1]),
        ] { try folder.write(bytes, to: "true/\(name)") }
        let result = try Exporter.export(request(run.folder, "true"))
        #expect(try pairs() == ["a.wav", "b.wav", "c.wav"])
        #expect(try PlainWave("\(out)/generated/b.wav") == PlainWave(stereo))
        #expect(try PlainWave("\(out)/reference/a.wav") == PlainWave(truth))
        #expect(try PlainWave("\(out)/reference/c.wav") == PlainWave(truth))
        let heard = try PlainWave("\(out)/generated/a.wav")
        #expect(heard.bits == 16 && heard.format == 1 && heard.channels == 1 && heard.rate == 16000)
        #expect(abs(heard.seconds - 1) < 0.01)
        #expect(
            result.leftOut == [
                LeftOut("failed", .failed, "the result is silent"), LeftOut("lonely", .alone),
                LeftOut("mute", .noSound), LeftOut("other", .referenceAlone),
            ])
        #expect(!result.hasUnreadable && result.sounds == 3)
        #expect(try listed(out) == ["generated", "left-out.csv", "reference"])
        let table = try records("\(out)/left-out.csv")
        #expect(table.map { $0[0] } == ["name", "failed", "lonely", "mute", "other"])
        #expect(table[1][1] == "left out, failed in the run: the result is silent")
        let said = result.lines.joined(separator: "\n")
        for words in [
            "\(out)/generated: 3 sounds", "without a partner in the reference: 1: lonely", "MERT",
            "backbone=\"cnn14\"", ".main(\"\(out)/generated\", \"\(out)/reference\")",
        ] { #expect(said.contains(words), "\(said)") }
    }

    @Test("a sample that cannot be read costs its pair, on both sides, and is named with the reason")
    func unreadable() throws {
        let sound = try TestClip.sound(TestClip.tone(0.2))
        for name in ["a", "b", "c", "d"] {
            try folder.write(name == "b" ? Array("fLaC, and nothing".utf8) : sound, to: "made/\(name).flac")
            try folder.write(name == "c" ? Array("no sound".utf8) : sound, to: "true/\(name).flac")
        }
        let result = try Exporter.export(request("made", "true"))
        #expect(try pairs() == ["a.wav", "d.wav"])
        #expect(result.hasUnreadable && result.leftOut.map(\.name) == ["b", "c"])
        #expect(result.leftOut[0].found?.contains("made/b.flac") == true)
        #expect(result.leftOut[1].found?.hasPrefix("in the reference, ") == true)
        let said = result.lines.joined(separator: "\n")
        #expect(said.contains("left out, unreadable: 2: b (") && said.contains("true/c.flac"), "\(said)")
    }

    @Test("a damaged sample of a run is named by its member and shard")
    func damagedMember() throws {
        let sound = try TestClip.sound(TestClip.tone(0.2))
        let run = try MadeRun(
            in: folder, [("a", nil, ["flac": sound]), ("b", nil, ["flac": [1, 2, 3]]), ("c", nil, ["flac": sound])])
        for name in ["a", "b", "c"] { try folder.write(sound, to: "true/\(name).flac") }
        let result = try Exporter.export(request(run.folder, "true"))
        #expect(try pairs() == ["a.wav", "c.wav"])
        #expect(result.leftOut.first?.found?.contains("b.flac in \(run.folder)/shards/shard-000000") == true)
        #expect(result.leftOut.first?.found?.contains("/proc/") == false)
    }

    @Test("samples of an unfinished run that are not there yet are told")
    func unfinished() throws {
        let sound = try TestClip.sound(TestClip.tone(0.2))
        let names = ["a", "b", "c", "d", "e", "f"]
        let run = try MadeRun(in: folder, names.map { ($0, nil, ["flac": sound]) }, finished: 1)
        for name in names { try folder.write(sound, to: "true/\(name).flac") }
        let result = try Exporter.export(request(run.folder, "true"))
        #expect(try pairs() == ["a.wav", "b.wav", "c.wav", "d.wav"])
        #expect(result.lines.contains { $0.contains("2 samples are not in a finished shard yet") })
        #expect(result.leftOut == [LeftOut("e", .referenceAlone), LeftOut("f", .referenceAlone)])
    }

    @Test("fewer than two pairs are refused with what is missing, and nothing is left")
    func tooFew() throws {
        let sound = try TestClip.sound(TestClip.tone(0.2))
        for name in ["made/a.flac", "made/b.flac", "true/a.flac"] { try folder.write(sound, to: name) }
        let said = refusal(request("made", "true"))
        #expect(said.contains("needs 2 samples") && said.contains("there are 1") && said.contains("1: b"), "\(said)")
        #expect(try listed(folder.path) == ["made", "true"])
    }

    @Test(
        "a folder that holds what was computed of other samples, or anything else, is refused",
        arguments: [
            ("generatedclassifier_logits_feature_cache.pkl", "it would take"),
            ("reference_fad_feature_cache.npy", "it would take"), ("mine.txt", "is not empty"),
        ])
    func occupied(name: String, words: String) throws {
        try folder.write("x", to: "out/\(name)")
        try folder.write(TestClip.sound(TestClip.tone(0.2)), to: "made/a.flac")
        let said = refusal(request("made", "made"))
        #expect(said.contains(name) && said.contains(words), "\(said)")
        #expect(try folder.contents(under: "out") == [name: Array("x".utf8)])
    }

    @Test("an empty folder is filled, and a file is no folder")
    func empty() throws {
        for name in ["a", "b"] { try folder.write(TestClip.sound(TestClip.tone(0.2)), to: "made/\(name).flac") }
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        _ = try Exporter.export(request("made", "made"))
        #expect(try pairs() == ["a.wav", "b.wav"])
        try folder.write("x", to: "file")
        var other = request("made", "made")
        other.folder = folder.url.appending(path: "file").path
        #expect(refusal(other).contains("is a file"))
    }

    @Test(
        "a name that no file should have is refused",
        arguments: [("a\u{7}b", "control character"), (String(repeating: "x", count: 161), "161 bytes")])
    func names(name: String, words: String) throws {
        for name in [name, "b"] { try folder.write(TestClip.sound(TestClip.tone(0.1)), to: "made/\(name).flac") }
        let said = refusal(request("made", "made"))
        #expect(said.contains(words) && !said.contains("\u{7}"), "\(said)")
        #expect(!isThere(out))
    }

    @Test("paths with quotes come through a shell and Python")
    func quoting() throws {
        for name in ["a", "b"] { try folder.write(TestClip.sound(TestClip.tone(0.1)), to: "made/\(name).flac") }
        var asked = request("made", "made")
        asked.folder = folder.url.appending(path: #"it's "new""#).path
        let line = try #require(try Exporter.export(asked).lines.joined().split(separator: "python -c ").last)
        let outcome = try Running(
            "python3",
            ["-c", "import shlex, sys; print(shlex.split(sys.argv[1])[0].split('.main(')[1])", String(line)]
        ).blockingOutcome()
        let inner = try Running("python3", ["-c", "print((\(outcome.output.dropLast(2)))[0])"]).blockingOutcome()
        #expect(inner.output == "\(asked.folder)/generated\n", "\(line) \(outcome.text) \(inner.text)")
    }

    @Test("the plain layout has all names as they are, films beside sounds, and every caption")
    func plainFiles() throws {
        let film = try TestClip.film(1, audio: TestClip.tone(1, rate: 16000))
        let run = try MadeRun(
            in: folder,
            [
                ("0001", "1e5", ["flac": try TestClip.sound(TestClip.tone(0.5)), "mp4": film]),
                ("b", "x, \"y\"", ["flac": try TestClip.sound(TestClip.tone(0.3))]),
            ])
        for name in ["0001", "b"] { try folder.write(film, to: "true/\(name).mp4") }
        var request = request(run.folder, "true")
        request.evaluator = .files
        let result = try Exporter.export(request)
        #expect(result.leftOut.isEmpty)
        #expect(try listed("\(out)/generated").sorted() == ["0001.mp4", "0001.wav", "b.mp4", "b.wav"])
        #expect(try listed("\(out)/reference").sorted() == ["0001.wav", "b.wav"])
        #expect(
            try String(decoding: folder.read("out/captions.csv"), as: UTF8.self).split(whereSeparator: \.isNewline)
                == ["name,caption", "0001,1e5", "b,\"x, \"\"y\"\"\""])
    }
}
