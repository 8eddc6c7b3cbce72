import Files
import Foundation
import Method
import Planning
import TestSupport
import Testing

@testable import Planning

private func parse(_ text: String, _ overrides: String...) throws -> TestManifest {
    let job = try JobFile.resolve(
        "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, binder: c/d}\n", path: "/data/job.yaml",
        overrides: overrides)
    return try TestManifest(ManifestReader(Array(text.utf8), job: job))
}

@Suite struct ManifestTests {
    @Test("a row of JSON lines may hold every column")
    func jsonlinesWithEverything() throws {
        let manifest = try parse(
            #"""
            {"id": "a", "task": "v2a", "prompt": "a dog \"barks\" – \ud83d\udc36", "negative_prompt": "", "video": "v/a.mp4", "start": 1.5, "duration": 4, "seed": 9223372036854775807}
            {"id": 17, "task": "i2a", "image": "/abs/b.png", "prompt": null}
            """#, "members=[json]")
        #expect(manifest.problems == [])
        let first = manifest.rows[0]
        #expect(first.key == "a")
        #expect(first.prompt == "a dog \"barks\" – 🐶")
        #expect(first.negativePrompt == "")
        #expect(first.input == ManifestInput(kind: .video, path: "/data/v/a.mp4"))
        #expect(first.start == 1.5)
        #expect(first.duration == 4)
        #expect(first.seed == 9_223_372_036_854_775_807)
        let second = manifest.rows[1]
        #expect(second.key == "17")
        #expect(second.task == .i2a)
        #expect(second.prompt == nil)
        #expect(second.input?.path == "/abs/b.png")
    }

    @Test("a byte order mark, CRLF and empty lines do not matter")
    func byteOrderMarkLineEndsAndEmptyLines() throws {
        let manifest = try parse("\u{FEFF}\r\n{\"video\": \"a.mp4\"}\r\n\n  \n{\"video\": \"b.mp4\"}")
        #expect(manifest.problems == [])
        #expect(manifest.rows.map(\.number) == [2, 5])
        #expect(manifest.rows.map(\.key) == ["a", "b"])
    }

    @Test("paths begin at `root`, and a row without an id gets its key from the file name")
    func rootAndDerivedKeys() throws {
        let manifest = try parse("{\"video\": \"x/my clip.v2.mp4\"}\n{\"video\": \"../é.mp4\"}", "root=media")
        #expect(manifest.rows.map(\.key) == ["my_clip_v2", "_"])
        #expect(manifest.rows.map(\.input?.path) == ["/data/media/x/my clip.v2.mp4", "/data/é.mp4"])
    }

    @Test(
        "an id that cannot be a key is rejected with what is wrong in it",
        arguments: [
            ("a/b", RowProblem.Kind.id, "slash"), ("a.b", .id, "dot"), ("a b", .id, "space"),
            ("a\\tb", .id, "control character"),
            ("é", .id, "beyond ASCII"), (String(repeating: "x", count: 300), .id, "300 bytes"),
        ])
    func badIds(id: String, kind: RowProblem.Kind, found: String) throws {
        let manifest = try parse("{\"id\": \"\(id)\", \"video\": \"a.mp4\"}\n{\"id\": \"good\", \"video\": \"b.mp4\"}")
        let problem = try #require(manifest.rejected.first)
        #expect(manifest.rejected.count == 1)
        #expect(problem.row == 1)
        #expect(problem.field == "id")
        #expect(problem.kind == kind)
        #expect(problem.found.contains(found))
        #expect(manifest.rows.map(\.key) == ["good"])
    }

    @Test(
        "a row with a bad value keeps its key and names the field",
        arguments: [
            (#"{"id": "x", "video": "a.mp4", "fps": 3}"#, "fps", RowProblem.Kind.unknownColumn),
            (#"{"id": "x", "video": "a.mp4", "seed": -1}"#, "seed", .value),
            (#"{"id": "x", "video": "a.mp4", "seed": 1.5}"#, "seed", .value),
            (#"{"id": "x", "video": "a.mp4", "seed": "3"}"#, "seed", .value),
            (#"{"id": "x", "video": "a.mp4", "seed": 9223372036854775808}"#, "seed", .value),
            (#"{"id": "x", "video": "a.mp4", "start": -0.1}"#, "start", .value),
            (#"{"id": "x", "video": "a.mp4", "start": 1e999}"#, "start", .value),
            (#"{"id": "x", "video": "a.mp4", "duration": 0}"#, "duration", .value),
            (#"{"id": "x", "video": "a.mp4", "duration": true}"#, "duration", .value),
            (#"{"id": "x", "video": "a.mp4", "prompt": 3}"#, "prompt", .value),
            (#"{"id": "x", "video": "a.mp4", "prompt": "a\u0000b"}"#, "prompt", .value),
            (#"{"id": "x", "video": "a\u0000.mp4"}"#, "video", .value),
            (#"{"id": "x", "video": ["a.mp4"]}"#, "video", .value),
            (#"{"id": "x", "prompt": "no file"}"#, "video", .input),
            (#"{"id": "x", "video": "a.mp4", "image": "b.png"}"#, "image", .input),
            (#"{"id": "x", "task": "t2a", "video": "a.mp4"}"#, "task", .value),
            (#"{"id": "x", "task": "joint"}"#, "prompt", .input),
            (#"{"id": "x", "task": "joint", "prompt": ""}"#, "prompt", .input),
            (#"{"id": "x", "task": "joint", "prompt": "a dog", "audio": "a.wav"}"#, "audio", .input),
            (#"{"id": "x", "task": "joint", "prompt": "a dog", "start": 1}"#, "start", .input),
            (#"{"id": "x", "task": "a2v", "prompt": "a dog"}"#, "audio", .input),
            (#"{"id": "x", "task": "a2v", "video": "a.mp4"}"#, "video", .input),
            (#"{"id": "x", "task": "a2i", "audio": 3}"#, "audio", .value),
            (#"{"id": "x", "task": "i2a"}"#, "image", .input),
            (#"{"id": "x", "task": "i2a", "image": "a.png", "video": "b.mp4"}"#, "image", .input),
            (#"{"id": "x", "task": "i2a", "image": "a.png", "start": 1}"#, "start", .input),
        ])
    func badValuesKeepTheirKey(line: String, field: String, kind: RowProblem.Kind) throws {
        let row = try #require(try parse(line).rows.first)
        #expect(row.key == "x")
        let problem = try #require(row.problems.first { $0.field == field })
        #expect(problem.kind == kind)
        #expect(problem.row == 1)
        #expect(problem.description.contains("row 1, `\(field)`"))
    }

    @Test(
        "a row that is no JSON object is rejected alone",
        arguments: [
            "{", "{}}", "[1]", "3", #"{"id": "a" "video": "b"}"#, #"{"video": "a.mp4"} {"#, #"{"video": "\ud800"}"#,
            "nul",
            #"{"id": 01}"#, #"{"x":"# + String(repeating: "[", count: 5000),
        ])
    func brokenRows(line: String) throws {
        let manifest = try parse("\(line)\n{\"video\": \"b.mp4\"}")
        #expect(manifest.rejected.map(\.row) == [1])
        #expect(manifest.rejected.first?.kind == .syntax)
        #expect(manifest.rows.count == 1)
    }

    @Test("a column that appears twice rejects its row")
    func twiceTheSameColumn() throws {
        let manifest = try parse(#"{"id": "a", "id": "b", "video": "a.mp4"}"#)
        #expect(manifest.rejected.map(\.kind) == [.syntax])
        #expect(manifest.rejected[0].description.hasPrefix("row 1, `id`: the column appears twice"))
    }

    @Test("a key that is taken is rejected with the row that has it")
    func duplicatesNameTheFirst() throws {
        let manifest = try parse(
            #"{"id": "a", "video": "1.mp4"}"# + "\n" + #"{"video": "a.mp4"}"# + "\n" + #"{"id": "b", "video": "1.mp4"}"#
        )
        #expect(manifest.rows.map(\.key) == ["a", "b"])
        #expect(manifest.rejected.map(\.kind) == [.duplicate])
        #expect(manifest.rejected[0].found.contains("row 1"))
    }

    @Test("a row with invalid UTF-8 or a NUL is rejected alone")
    func invalidUTF8AndNUL() throws {
        let bytes =
            Array("{\"id\": \"a\", \"video\": \"".utf8) + [0xFF, 0xFE]
            + Array("\"}\n{\"id\": \"b\", \"video\": \"".utf8) + [0]
            + Array("\"}\n{\"id\": \"c\", \"video\": \"c.mp4\"}".utf8)
        let manifest = try TestManifest(ManifestReader(bytes, job: testJob()))
        #expect(manifest.rows.map(\.key) == ["c"])
        #expect(manifest.rejected.map(\.row) == [1, 2])
    }

    @Test("CSV is read with quotes, line breaks in fields and empty fields")
    func csvWithQuotes() throws {
        let manifest = try parse(
            "id,video,prompt,start,seed\r\na,a.mp4,\"a dog, \"\"Rex\"\",\nbarks\",1.5,7\r\n\r\nb,b.mp4,,,\r\n",
            "manifest=x.csv")
        #expect(manifest.problems == [])
        #expect(manifest.rows.map(\.prompt) == ["a dog, \"Rex\",\nbarks", nil])
        #expect(manifest.rows.map(\.seed) == [7, nil])
        #expect(manifest.rows.map(\.start) == [1.5, nil])
        #expect(manifest.rows.map(\.number) == [2, 5])
    }

    @Test("tabs separate where the name or the job says so, and commas are then text")
    func tabs() throws {
        let text = "id\tvideo\tprompt\na\ta.mp4\train, wind\nb\tb.mp4\t\"a\ttab\"\n"
        for override in [["manifest=x.tsv"], ["manifest=x.txt", "manifest_format=tsv"]] {
            let manifest = try override.count == 1 ? parse(text, override[0]) : parse(text, override[0], override[1])
            #expect(manifest.problems == [] && manifest.rows.map(\.prompt) == ["rain, wind", "a\ttab"])
        }
    }

    @Test(
        "a header with something else between its fields is told so",
        arguments: [
            ("id;video\na;a.mp4", "semicolons"), ("id\tvideo\na\ta.mp4", "tabs"), ("id|video\na|a.mp4", "bars"),
        ])
    func otherSeparators(text: String, name: String) throws {
        let error = #expect(throws: ManifestError.self) { try parse(text, "manifest=x.csv") }
        #expect(
            error?.description.contains("have \(name) between them; save it with commas") == true, "\(error as Any)")
    }

    @Test("a list of prompts may have remarks")
    func remarks() throws {
        let manifest = try parse(
            "# mine\nrain\n#hail\nwind\n", "manifest=x.txt", "task=joint", "models.image=a/b", "models.motion=a/b")
        #expect(manifest.rows.map(\.prompt) == ["rain", "wind"] && manifest.rows.map(\.number) == [2, 4])
    }

    @Test(
        "a broken CSV record is rejected with its row and the reason",
        arguments: [
            ("id,video\na,b,c\nd,e.mp4", "3 fields"), ("id,video\n\"a,b\n", "never closed"),
            ("id,video\n\"a\"b,c\nd,e.mp4", "closing quote"),
            ("id,video\na\"b,c\nd,e.mp4", "without quotes"),
        ])
    func brokenCSVRecords(text: String, expected: String) throws {
        let manifest = try parse(text, "manifest=x.csv")
        #expect(manifest.rejected.map(\.row) == [2])
        #expect(manifest.rejected.first?.found.contains(expected) == true)
    }

    @Test(
        "a CSV file without usable columns or rows is refused by name",
        arguments: [
            ("id,clip,video\na,b,c\n", "`clip` is not a column"), ("id,id,video\na,b,c\n", "twice"),
            ("x,y\n1,2\n", "no known format"),
            ("", "no rows"), ("id,video\n", "no rows"),
        ])
    func unusableCSV(text: String, expected: String) {
        #expect { try parse(text, "manifest=x.csv") } throws: {
            "\($0)".contains(expected) && "\($0)".contains("/data/x.csv")
        }
    }

    @Test("a VGGSound list gives keys, paths and captions, of one split where the job asks for it")
    func vggsound() throws {
        let text = "---g-f_I2yQ,1,people marching,test\n0abc,30,\"dog, barking\",train\n-x,abc,y,test\n"
        let manifest = try parse(text, "manifest=vggsound.csv", "root=/clips")
        #expect(manifest.rows.map(\.key) == ["---g-f_I2yQ_000001", "0abc_000030"])
        #expect(manifest.rows.map(\.input?.path) == ["/clips/---g-f_I2yQ_000001.mp4", "/clips/0abc_000030.mp4"])
        #expect(manifest.rows.map(\.prompt) == ["people marching", "dog, barking"])
        #expect(manifest.rejected.map(\.row) == [3])
        let test = try parse(text, "manifest=vggsound.csv", "root=/clips", "split=test", "manifest_format=vggsound")
        #expect(test.rows.map(\.key) == ["---g-f_I2yQ_000001"])
    }

    @Test("no id begins with two underscores: names out of lists get another beginning, different names different ones")
    func underscores() throws {
        let list = "__2MwJ2uHu0,4,people marching,test\n_aMwJ2uHu0x,4,rain,test\n"
        let manifest = try parse(list, "manifest=vggsound.csv", "root=/clips")
        #expect(manifest.problems == [])
        #expect(manifest.rows.map(\.key) == ["id-__2MwJ2uHu0_000004", "_aMwJ2uHu0x_000004"])
        #expect(manifest.rows.map(\.input?.path) == ["/clips/__2MwJ2uHu0_000004.mp4", "/clips/_aMwJ2uHu0x_000004.mp4"])
        let files = try parse(#"{"video": "a/__x.mp4"}"# + "\n" + #"{"video": "a/\#u{E9}_x.mp4"}"#)
        #expect(files.rows.map(\.key) == ["id-__x"])
        #expect(files.rejected.map(\.kind) == [.duplicate], "what only looks alike is refused, not merged")
        #expect(
            ["__a", "id-__a", "id-id-__a", "id-a", "a__", "_a"].map(ManifestKey.listed)
                == ["id-__a", "id-id-__a", "id-id-id-__a", "id-a", "a__", "_a"])
        let given = try parse(#"{"id": "__x", "video": "a.mp4"}"#)
        #expect(given.rejected.map(\.field) == ["id"])
        #expect(given.rejected.first?.message.contains("Hugging Face datasets") ?? false)
    }

    @Test("a number in quotes is told from one that is out of range")
    func numbersInQuotes() throws {
        let manifest = try parse(
            #"{"id": "a", "video": "a.mp4", "start": "1.5", "duration": "1"}"# + "\n"
                + #"{"id": "b", "video": "a.mp4", "seed": "42"}"# + "\n"
                + #"{"id": "c", "video": "a.mp4", "start": "soon"}"#)
        #expect(manifest.problems.map(\.field) == ["start", "duration", "seed", "start"])
        #expect(manifest.problems.prefix(3).allSatisfy { $0.remedy.contains("without the quotes") })
        #expect(!manifest.problems[3].remedy.contains("quotes"))
    }

    @Test func everyTaskHasItsInputs() throws {
        let manifest = try parse(
            """
            {"id": "v2a", "video": "a.mp4"}
            {"id": "i2a", "task": "i2a", "image": "a.png"}
            {"id": "key", "task": "i2a", "video": "a.mp4", "start": 1, "duration": 2}
            {"id": "a2v", "task": "a2v", "audio": "a.mp4", "start": 0.5}
            {"id": "a2i", "task": "a2i", "audio": "a.flac", "duration": 3}
            {"id": "joint", "task": "joint", "prompt": "rain", "duration": 2}
            """)
        #expect(manifest.problems == [])
        #expect(manifest.rows.map(\.input?.kind) == [.video, .image, .video, .audio, .audio, nil])
    }

    @Test func membersThatNoneFitsRefuseTheRow() throws {
        let text = #"{"id": "x", "task": "a2i", "audio": "a.wav"}"# + "\n" + #"{"id": "y", "video": "a.mp4"}"#
        let problems = try parse(text, "members=[json, flac]").problems
        #expect(problems.map(\.row) == [1])
        #expect(problems.first?.description.contains("task a2i makes none of the job's members") == true)
        #expect(problems.first?.remedy.contains("tasks.a2i.members") == true)
        #expect(try parse(text, "members=[json, flac, png]").problems == [])
        #expect(try parse(text, "members=[json, flac]", "tasks.a2i.members=[json, png]").problems == [])
        #expect(try parse(text, "members=[json]").problems == [])
    }

    @Test func promptsNeedNoMoreWhereTheTaskDoesNot() throws {
        let job = try JobFile.resolve(
            "task: joint\nmanifest: p.txt\nmodels: {audio: a/b, binder: c/d}", path: "/data/job.yaml")
        let manifest = try TestManifest(ManifestReader(Array("a dog\n\na cat\n".utf8), job: job))
        #expect(manifest.rows.map(\.key) == ["row-000001", "row-000003"])
        #expect(manifest.rows.map(\.prompt) == ["a dog", "a cat"])
        #expect { try parse("a dog\n", "manifest=p.txt", "task=a2v") } throws: {
            "\($0)".contains("/data/p.txt has one prompt per line and task a2v needs the path of its audio")
        }
    }

    @Test("a file name that does not tell the format asks for manifest_format")
    func formatsThatCannotBeTold() {
        #expect { try parse("x", "manifest=clips.xlsx") } throws: { "\($0)".contains("set manifest_format") }
    }

    @Test func messagesShowNoControlCharacters() throws {
        let manifest = try parse(#"{"id": "a\u001b[31m", "video": "a.mp4"}"#)
        #expect(manifest.rejected.first?.description.contains("\u{1B}") == false)
    }

    /// 10,000 mutations over the four formats: each gives a manifest or a `ManifestError`, never a crash; keys stay unique.
    @Test("a mutated manifest is read with unique keys or refused, in all four formats")
    func fuzz() throws {
        let jsonl =
            #"{"id": "a", "video": "v/a.mp4", "prompt": "x \u00e9", "start": 1.5, "seed": 3}"# + "\r\n"
            + #"{"id": "b", "video": "b.mp4"}"# + "\n"
            + #"{"id": "c", "task": "a2v", "audio": "c.wav", "start": 1, "duration": 2.5}"# + "\n"
            + #"{"task": "joint", "prompt": "rain"}"# + "\n"
        let csv = "id,video,prompt,seed\na,a.mp4,\"x, \"\"y\"\"\",3\nb,b.mp4,,\n"
        let vgg = "abc,1,\"x, y\",test\ndef,2,z,train\n"
        let seeds: [(String, Job)] = [
            (jsonl, try testJob()), (csv, try testJob("manifest=a.csv")), (vgg, try testJob("manifest=a.csv")),
            ("a dog\nb\n", try testJob("manifest=a.txt", "task=joint")),
        ]
        var mutator = ByteMutator(seed: 3)
        for round in 0..<10_000 {
            let (text, job) = seeds[round % seeds.count]
            let bytes = mutator.mutate(Array(text.utf8))
            guard let manifest = try? TestManifest(ManifestReader(bytes, job: job)) else { continue }
            #expect(Set(manifest.rows.map(\.key)).count == manifest.rows.count)
            _ = manifest.problems.map(\.description)
        }
    }

    @Test("a path is joined to the root as URLs are, and keeps its bytes")
    func paths() {
        let parts = ["a", "..", ".", "", ".hidden", "b c", "e\u{301}", "%41", "..x"]
        for folder in ["/", "/data/job", "/data/job/", "/data/../job"] {
            let url = URL(filePath: folder, directoryHint: .isDirectory)
            let root = ManifestRoot(url)
            for first in parts {
                for second in parts {
                    for text in ["\(first)/\(second)", "/\(first)/\(second)", "\(first)/\(second)/c.mp4"] {
                        let expected = URL(filePath: text, directoryHint: .notDirectory, relativeTo: url)
                            .standardizedFileURL.path
                        #expect(Array(root.path(of: text).utf8) == Array(expected.utf8), "\(folder) and \(text)")
                    }
                }
            }
        }
        // A folder of that name and nobody's home, wherever it is.
        #expect(ManifestRoot(URL(filePath: "/", directoryHint: .isDirectory)).path(of: "~/a") == "/~/a")
        #expect(ManifestRoot(URL(filePath: "/data", directoryHint: .isDirectory)).path(of: "~/a") == "/data/~/a")
    }

    @Test("a split of a manifest that has none is refused, not passed over")
    func splitsOfOtherFormats() {
        for name in ["a.jsonl", "a.csv", "a.txt"] {
            #expect { try parse("id,video\na,a.mp4\n", "manifest=\(name)", "split=test", "task=joint") } throws: {
                "\($0)".contains("leave `split` out")
            }
        }
    }

    @Test("a manifest is the same in one piece and in many, whole or damaged", arguments: [3, 4, 7, 64])
    func pieces(size: Int) throws {
        let folder = try TemporaryFolder()
        let texts = [
            ("a.jsonl", "\u{FEFF}{\"id\": \"a\", \"video\": \"a.mp4\"}\r\n\r\n\n{\"id\": \"b\", \"video\": \"é.mp4\"}"),
            ("a.csv", "id,video,prompt\r\na,a.mp4,\"x, \"\"y\"\",\nz\"\r\n\r\nb,b.mp4,\nc,\"open,c.mp4\nd,d.mp4,\n"),
            ("v.csv", "abc,1,\"x, y\",test\ndef,2,z,train\r\n"), ("a.txt", "a dog\n\n \t\na cat"),
        ]
        var mutator = ByteMutator(seed: UInt64(size))
        for round in 0..<400 {
            let (name, text) = texts[round % texts.count]
            let bytes = round < texts.count ? Array(text.utf8) : mutator.mutate(Array(text.utf8))
            let job = try testJob("manifest=\(name)", name == "a.txt" ? "task=joint" : "task=v2a")
            let path = try folder.write(bytes, to: name)
            guard !bytes.isEmpty else { continue }
            func items(_ window: () throws -> ManifestWindow) -> [String] {
                do {
                    let manifest = try TestManifest(ManifestReader(window(), job: job))
                    return manifest.rows.map { "\($0)" } + manifest.problems.map(\.description)
                } catch {
                    return ["\(error)"]
                }
            }
            let whole = items { ManifestWindow(bytes) }
            #expect(items { try ManifestWindow(InputFile(path), pieceSize: size) } == whole, "round \(round)")
        }
    }

    @Test("a line or record that does not end costs itself alone, and little memory")
    func endlessRecords() throws {
        let folder = try TemporaryFolder()
        func read(_ bytes: [UInt8], _ name: String) throws -> TestManifest {
            let path = try folder.write(bytes, to: name)
            let window = try ManifestWindow(InputFile(path), pieceSize: 64, maximumRecord: 1000)
            return try TestManifest(ManifestReader(window, job: testJob("manifest=\(path)")))
        }
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1500)
        let row = { (key: String) in Array("{\"id\": \"\(key)\", \"video\": \"\(key).mp4\"}\n".utf8) }
        var manifest = try read(row("a") + long + Array("\n".utf8) + row("b"), "a.jsonl")
        #expect(manifest.rows.map(\.key) == ["a", "b"])
        #expect(manifest.rows.map(\.number) == [1, 3])
        #expect(manifest.rejected.map(\.description) == ["row 2: the line has more than 1000 bytes; shorten it"])
        manifest = try read(
            Array("id,video\na,a.mp4\n\"open,b.mp4\nc,c.mp4\n".utf8) + long + Array("\nd,d.mp4\n".utf8), "a.csv")
        #expect(manifest.rows.map(\.key) == ["a", "c", "d"])
        #expect(manifest.rejected.map(\.row) == [3, 5])
        #expect(manifest.rejected[0].found.contains("is a quoted field never closed?"))
    }
}
