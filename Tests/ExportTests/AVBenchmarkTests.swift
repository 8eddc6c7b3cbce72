import Foundation
import Media
import Planning
import TestSupport
import Testing

@testable import Export

/// Exports for av-benchmark, held to what its loaders do.
@Suite struct AVBenchmarkTests {
    private let folder: TemporaryFolder
    private var out: String { folder.url.appending(path: "out").path }

    init() throws { folder = try TemporaryFolder() }

    private func request(_ generated: String, _ reference: String? = nil) -> ExportRequest {
        func path(_ name: String) -> String { name.hasPrefix("/") ? name : folder.url.appending(path: name).path }
        return ExportRequest(.avBenchmark, generated: path(generated), reference: reference.map(path), folder: out)
    }

    /// What it looks a generated name up by: some lengths, in characters, are cut to 18.
    private static func cleaned(_ name: String) -> String {
        let scalars = Array(name.unicodeScalars)
        let range: Range<Int>? =
            switch scalars.count {
            case 30: 10..<28
            case 21: 1..<19
            case 20: 0..<18
            default: nil
            }
        return range.map { String(String.UnicodeScalarView(scalars[$0])) } ?? name
    }

    /// The names without extension of what ends so in a folder.
    private func stems(_ inner: String, _ ending: String) throws -> [String] {
        try listed("\(out)/\(inner)").filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }
    }

    /// Expects that the sounds of a folder are of one length for the networks at all three rates.
    private func expectOneBatch(_ inner: String, _ seconds: Double) throws {
        for stem in try stems(inner, ".wav") {
            let wave = try PlainWave("\(out)/\(inner)/\(stem).wav")
            let count = wave.samples.count / wave.channels
            for rate in [16_000, 32_000, 48_000] {
                let resampled = (count * rate + wave.rate - 1) / wave.rate
                #expect(resampled >= Int(seconds * Double(rate)), "\(stem) at \(rate) Hz")
            }
        }
    }

    @Test("of a run the sounds are long enough, films go along, and captions come back from the table")
    func run() throws {
        let sound = try TestClip.sound(TestClip.tone(8))
        let (long, short) = (try TestClip.film(8), try TestClip.film(3))
        let captions = [
            "plain", "rain, and \"thunder\"", "two\nlines, \"both\"\r\n", "ünï, code", " spaces at both ends ", "\"",
        ]
        var samples: [(key: String, prompt: String?, members: [String: [UInt8]]?)] = captions.enumerated().map {
            ("clip\($0)", $1, ["flac": sound, "mp4": long])
        }
        samples += [
            ("brief", "x", ["flac": try TestClip.sound(TestClip.tone(7.999)), "mp4": long]),
            ("cut", "a bell", ["flac": sound, "mp4": short]), ("unfilmed", nil, ["flac": sound]),
            ("number", "1e3", ["flac": sound, "mp4": long]), ("nothing", "None", ["flac": sound, "mp4": long]),
        ]
        let run = try MadeRun(in: folder, samples)
        let result = try Exporter.export(request(run.folder))
        let names = (0..<6).map { "clip\($0)" }
        #expect(try stems("audio", ".wav") == (names + ["cut", "nothing", "number", "unfilmed"]).sorted())
        #expect(try stems("video", ".mp4") == names + ["nothing", "number"])
        try expectOneBatch("audio", 8)
        #expect(try folder.read("out/video/clip0.mp4") == long)
        let table = try records("\(out)/captions.csv")
        #expect(table.first == ["name", "caption"])
        #expect(table.dropFirst().map { $0[0] } == names + ["cut"])
        #expect(table.dropFirst().map { $0[1] } == captions + ["a bell"])
        #expect(
            result.leftOut == [
                LeftOut("brief", .short, "the sound has 7.999 s of 8 s"),
                LeftOut("cut", .filmShort, "it has 3 s of 8 s"),
                LeftOut("nothing", .captionUnfit, "None"), LeftOut("number", .captionUnfit, "1e3"),
                LeftOut("unfilmed", .filmMissing),
            ])
        #expect(!result.hasUnreadable)
        let said = result.lines.joined(separator: "\n")
        for words in [
            "extract_video.py --video_path \(out)/video --gt_cache GT_CACHE --audio_length=8",
            "extract_text.py --text_csv \(out)/captions.csv --output_cache_path GT_CACHE",
            "evaluate.py --gt_cache GT_CACHE --pred_audio \(out)/audio --pred_cache \(out)/audio/cache --audio_length=8",
        ] { #expect(said.contains(words), "\(said)") }
    }

    @Test("pairs of two folders are found by what their names become, none twice, and the reference lends its films")
    func folders() throws {
        let long = try TestClip.film(2, audio: TestClip.tone(2))
        let names = [18, 19, 20, 21, 22, 29, 30, 31].map { String(repeating: "n", count: $0 - 2) + "-é" }
        for name in names + ["extra"] {
            try folder.write(TestClip.sound(TestClip.tone(2), as: .wav), to: "made/\(name).wav")
        }
        for name in names + ["other"] { try folder.write(long, to: "true/\(name).mp4") }
        var asked = request("made", "true")
        asked.seconds = 1.5
        let result = try Exporter.export(asked)
        #expect(result.sounds == names.count && result.films == names.count && result.captions == 0)
        let (made, truth) = (try stems("audio", ".wav"), try stems("reference", ".wav"))
        let pairs = made.map(Self.cleaned).filter { Set(truth).contains($0) }
        #expect(pairs == truth && Set(pairs).count == names.count)
        #expect(try stems("video", ".mp4") == truth && made == truth)
        try expectOneBatch("audio", 1.5)
        try expectOneBatch("reference", 1.5)
        let table = try records("\(out)/names.csv")
        #expect(table.first == ["file", "name"] && result.renamed == 3)
        #expect(table.dropFirst().map { $0[1] }.allSatisfy { [20, 21, 30].contains($0.unicodeScalars.count) })
        #expect(Set(table.dropFirst().map { $0[0] }).isSubset(of: made))
        #expect(!isThere("\(out)/captions.csv"))
        #expect(result.leftOut == [LeftOut("extra", .alone), LeftOut("other", .referenceAlone)])
        let said = result.lines.joined(separator: "\n")
        #expect(said.contains("--gt_audio \(out)/reference --gt_cache \(out)/reference/cache"), "\(said)")
        #expect(said.contains("--audio_length=1.5") && said.contains("--skip_clap") && !said.contains("extract_text"))
    }

    @Test("a sound of the reference that is too short, or a film that cannot be read, costs what needs it")
    func parts() throws {
        for name in ["a", "b", "c"] { try folder.write(TestClip.sound(TestClip.tone(1)), to: "made/\(name).flac") }
        try folder.write(Array("not an mp4".utf8), to: "made/a.mp4")
        for (name, seconds) in [("a", 1.0), ("b", 0.5), ("c", 1.0)] {
            try folder.write(TestClip.sound(TestClip.tone(seconds)), to: "true/\(name).flac")
        }
        try folder.write(TestClip.film(1), to: "true/c.mov")
        var asked = request("made", "true")
        asked.seconds = 1
        let result = try Exporter.export(asked)
        #expect(try stems("audio", ".wav") == ["a", "c"] && stems("reference", ".wav") == ["a", "c"])
        #expect(!isThere("\(out)/video") && result.hasUnreadable)
        #expect(result.leftOut.map(\.reason) == [.filmUnreadable, .short])
        #expect(result.leftOut[1].found == "in the reference, the sound has 0.5 s of 1 s")
        #expect(result.lines.joined().contains("--skip_video_related"))
    }

    @Test("names that come to be one are refused, and caches of an earlier evaluation too")
    func refused() throws {
        let name = String(repeating: "n", count: 20)
        for name in [name, name + "__"] {
            try folder.write(TestClip.sound(TestClip.tone(8)), to: "made/\(name).flac")
        }
        let said = refusal(request("made"))
        #expect(said.contains("`\(name)` and `\(name)__`") && said.contains("rename one"), "\(said)")
        try folder.write("x", to: "out/audio/cache/passt_logits.pth")
        #expect(refusal(request("made")).contains("holds audio/cache"))
    }

    @Test("no name is cut, whatever its length and characters")
    func namesSurvive() {
        for length in 1...40 {
            for letter in ["a", "é", "e\u{301}", "👩‍👩‍👧"] {
                let name = String(repeating: letter, count: length)
                let stem = AVBenchmarkName.stem(name, inTable: false)
                #expect(Self.cleaned(stem) == stem && stem.hasPrefix(name))
            }
        }
    }

    /// What `str` of what pandas 3.1.1 reads is, of a table with one row, where it is not the field.
    @Test(
        "names that pandas would read as something else are changed, and others are not",
        arguments: [
            (
                true,
                [
                    "1e5", "Infinity", "+5", " 5", "5 ", "TRUE", "true", "tRue", "NA", "None", "null", "n/a", "NULL",
                    "<NA>", "0001", "1.", ".5", "1e400", "1E5", "-nan", "#N/A", "-0", "infinity", "INF", "+inf",
                    "FALSE",
                ]
            ),
            (
                false,
                [
                    "1_000", "1e", "Null", "97151", "-5", "123456789012345678", "٣", "-", "e5", "1d5", "--5", "5-6",
                    "2020-01-01", "id_1", "1,5", "0b1", "1j", "1 2", " NA",
                ]
            ),
        ])
    func pandas(isChanged: Bool, names: [String]) {
        for name in names {
            let stem = AVBenchmarkName.stem(name, inTable: true)
            #expect((stem != name) == isChanged && PandasField.comesBack(stem), "\(name) → \(stem)")
            #expect(AVBenchmarkName.stem(name, inTable: false) == name)
        }
    }
}
