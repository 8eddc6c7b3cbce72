import Foundation
import Method
import Planning
import TestSupport
import Testing

@testable import Preflight

@Suite struct PlannerTests {
    private let folder: TemporaryFolder
    private let output: URL

    init() throws {
        folder = try TemporaryFolder()
        output = folder.url.appending(path: "run", directoryHint: .isDirectory)
        for name in [
            "a.mp4", "b.mp4", "c.png", "short.mp4", "raw.h264", "tiny.png", "sound.wav", "long.mp4", "pips.wav",
            "raw.aac", "song.mp4",
        ] {
            try folder.write("bytes of \(name)", to: name)
        }
    }

    private let inputs = FakeInputs([
        "a.mp4": FakeInputs.clip, "b.mp4": FakeInputs.clip,
        "c.png": ProbedInput(duration: nil, width: 32, height: 32, hasAudio: false, isImage: true),
        "tiny.png": ProbedInput(duration: nil, width: 1, height: 1, hasAudio: false, isImage: true),
        "short.mp4": ProbedInput(duration: 0.04, width: 64, height: 64, hasAudio: false, isImage: false),
        "raw.h264": ProbedInput(duration: nil, width: 64, height: 64, hasAudio: false, isImage: false),
        "sound.wav": ProbedInput(
            duration: 3, audioDuration: 3, width: nil, height: nil, hasAudio: true, isImage: false),
        "long.mp4": ProbedInput(
            duration: 7200, audioDuration: 7200, width: 64, height: 64, hasAudio: true, isImage: false),
        "pips.wav": ProbedInput(
            duration: 0.05, audioDuration: 0.05, width: nil, height: nil, hasAudio: true, isImage: false),
        "raw.aac": ProbedInput(duration: nil, width: nil, height: nil, hasAudio: true, isImage: false),
        "song.mp4": ProbedInput(
            duration: 3, audioDuration: 3, width: nil, height: nil, hasAudio: true, isImage: false,
            videoFault: InputProbeError(kind: "noVideoStream", found: "its only picture is a cover", remedy: "crop it")),
        // Both forms of the letter are this key.
    ])

    private func prepare(
        _ manifest: String, _ settings: String..., models: ModelInspection = FakeModels().answer
    ) throws(PlanningError) -> PreparedPlan {
        do {
            try folder.write(manifest, to: "clips.jsonl")
            try folder.write(
                "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, image: e/f, motion: g/h, binder: c/d}\n",
                to: "job.yaml")
        } catch {
            Issue.record(error)
        }
        let planner = Planner(inputs: inputs, models: FakeModels(answer: models), threads: 3)
        return try planner.prepare(folder.url.appending(path: "job.yaml"), overrides: settings, output: output)
    }

    private func problems(_ manifest: String, _ settings: String...) -> PlanProblems? {
        do throws(PlanningError) {
            // Variadic parameters cannot be handed on.
            _ = try settings.isEmpty ? prepare(manifest) : prepare(manifest, settings[0])
            return nil
        } catch {
            if case .problems(let problems) = error { return problems }
            return nil
        }
    }

    @Test("a window starts and lasts as its row says, or else runs from the start or to the end of the clip")
    func windowsAndLengths() throws {
        let prepared = try prepare(
            """
            {"id": "whole", "video": "a.mp4"}
            {"id": "late", "video": "a.mp4", "start": 7.5}
            {"id": "window", "video": "a.mp4", "start": 2, "duration": 3}
            {"id": "raw", "video": "raw.h264", "duration": 2.5}
            """)
        let samples = try prepared.plan.samples
        #expect(samples.map(\.duration) == [10, 3, 3, 2.5])
        #expect(samples.map(\.input?.start) == [0, 7.5, 2, 0])
        #expect(samples.map { ($0.input?.duration ?? 0).rounded(.toNearestOrEven) } == [10, 3, 3, 2])
        #expect(samples[3].input?.duration == 2.5)
        #expect(samples[0].input?.bytes == 14)
        #expect(samples[0].input?.modified == nil)
        // printf 'bytes of a.mp4' | sha256sum
        #expect(samples[0].input?.sha256 == "4f7548c39374154bebaa4e62aa5a2f722225d01ff035d873b1864fc5e7db151e")
        // printf 'seehear seed 1\00030\000whole' | sha256sum | cut -c 9-16
        #expect(samples[0].seed == 0x54DE3722)
        #expect(samples[0].audioSeed == nil)
    }

    @Test func aFixedLengthMayPassTheClipsEnd() throws {
        let prepared = try prepare(#"{"video": "a.mp4", "start": 6}"#, "sampling.duration=8", "input_hash=stat")
        let sample = try prepared.plan.samples[0]
        #expect(sample.duration == 8)
        #expect(abs((sample.input?.duration ?? 0) - 4.01) < 1e-9)
        #expect(sample.input?.sha256 == nil)
        #expect((sample.input?.modified ?? 0) > 1_000_000_000_000_000_000)
    }

    @Test("a file whose video cannot be used may give its sound, and says why it gives no video")
    func soundOfAFileWithoutVideo() throws {
        #expect(
            problems(#"{"id": "a", "video": "song.mp4"}"#)?.rows.first.map(\.message)
                == ["\(folder.url.path)/song.mp4: its only picture is a cover; crop it"])
        let prepared = try prepare(#"{"id": "a", "task": "a2i", "audio": "song.mp4"}"#)
        #expect(try prepared.plan.samples[0].input?.duration == 3)
    }

    @Test("images and clips may be in one manifest")
    func imagesBesideClips() throws {
        let prepared = try prepare(
            #"{"video": "a.mp4"}"# + "\n" + #"{"image": "c.png", "task": "i2a", "duration": 4}"#, "members=[json, flac]"
        )
        #expect(try prepared.plan.samples[1].duration == 4)
        #expect(try prepared.plan.samples[1].input?.start == nil)
    }

    @Test("all five tasks may be in one manifest")
    func allFiveTasksInOneManifest() throws {
        let prepared = try prepare(
            """
            {"id": "clip", "video": "a.mp4"}
            {"id": "still", "task": "i2a", "image": "c.png"}
            {"id": "key", "task": "i2a", "video": "a.mp4", "start": 1, "duration": 4}
            {"id": "keys", "task": "i2a", "video": "a.mp4", "start": 1}
            {"id": "film", "task": "a2v", "audio": "sound.wav"}
            {"id": "longer", "task": "a2v", "audio": "a.mp4", "start": 9.5, "duration": 1.2}
            {"id": "raw", "task": "a2v", "audio": "raw.aac", "start": 1}
            {"id": "picture", "task": "a2i", "audio": "sound.wav", "start": 0.5}
            {"id": "window", "task": "a2i", "audio": "long.mp4", "start": 60, "duration": 2}
            {"id": "both", "task": "joint", "prompt": "rain"}
            {"id": "short", "task": "joint", "prompt": "rain", "duration": 0.01}
            """)
        let samples = try prepared.plan.samples
        #expect(samples.map(\.error) == Array(repeating: nil, count: 11))
        #expect(samples.map(\.duration) == [10, 10, 4, 10, 2, 1.25, 2, 0, 0, 2, 0.125])
        #expect(samples.map(\.frames) == [nil, nil, nil, nil, 16, 10, 16, 1, 1, 16, 1])
        #expect(
            samples.map(\.input?.kind) == [
                .video, .image, .video, .video, .audio, .audio, .audio, .audio, .audio, nil, nil,
            ])
        #expect(samples.map(\.input?.start) == [0, nil, 1, 1, 0, 9.5, 1, 0.5, 60, nil, nil])
        let windows = samples.map { $0.input?.duration.map { ($0 * 1000).rounded() / 1000 } }
        // A fake clip lasts 10.01 s: a video may outlast its sound, and its window ends with that.
        #expect(windows == [10.01, nil, 4, 9.01, 2, 0.51, 2, 2.5, 2, nil, nil])
        #expect(Set(prepared.job.tasks.keys) == Set(GenerationTask.allCases.filter { !$0.isCoupled }))
        #expect(prepared.expectedBytes > 1_000_000)
        #expect(samples.map(\.audioSeed) == samples.map { $0.task == .joint ? Seeds.audio(beside: $0.seed) : nil })
    }

    /// The keys' hashes are alike in what the generator reads.
    @Test("rows whose ids hash alike have two seeds, and what is not read of a seed is told")
    func seedsAreApart() throws {
        let prepared = try prepare(
            """
            {"id": "clip-102920", "video": "a.mp4"}
            {"id": "other", "video": "a.mp4", "seed": 4294967299}
            {"id": "clip-139235", "video": "a.mp4"}
            """)
        #expect(try prepared.plan.samples.map(\.seed) == [1_860_861_356, 4_294_967_299, 1_860_861_355])
        #expect(prepared.notes.map { $0.prefix(54) } == ["row 2: the seed 4294967299 has more than 32 bits; the "])
    }

    @Test func thePlanKeepsWhatItsTasksNeed() throws {
        let prepared = try prepare(#"{"task": "a2i", "audio": "sound.wav"}"#)
        #expect(Set(prepared.job.tasks.keys) == [.a2i])
        #expect(prepared.job.models[.audioLDM] == nil)
        #expect(prepared.job.models[.animateDiff] == nil)
        let run = try prepared.publish(in: RunDirectory(output)).run
        #expect(try Run.open(run.directory).samples == prepared.plan.samples)
        #expect(try Run.open(run.directory).tally() == prepared.plan.tally)
        let again = try prepare(
            #"{"task": "a2i", "audio": "sound.wav"}"#, "sampling.frames=8", "tasks.v2a.guidance=off")
        #expect(try again.publish(in: RunDirectory(output)).publication == .unchanged)
        let other = try prepare(#"{"task": "a2i", "audio": "sound.wav"}"#, "sampling.width=256")
        #expect { try other.publish(in: RunDirectory(output)) } throws: {
            "\($0)".contains("job tasks.a2i.sampling.width: 512 → 256")
        }
    }

    @Test func modelsAreNeededForTheTasksThatOccur() throws {
        do {
            try folder.write("task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, binder: c/d}\n", to: "job.yaml")
            let rows = [#"{"video": "a.mp4"}"#, #"{"id": "x", "task": "a2v", "audio": "sound.wav"}"#]
            try folder.write(rows.joined(separator: "\n"), to: "clips.jsonl")
        }
        let planner = Planner(inputs: inputs, models: FakeModels(), threads: 2)
        #expect {
            try planner.prepare(folder.url.appending(path: "job.yaml"), output: output)
        } throws: { error in
            "\(error)".contains("row 2, task a2v: `models.image` is missing")
                && "\(error)".contains("row 2, task a2v: `models.motion` is missing")
        }
        try folder.write(#"{"video": "a.mp4"}"#, to: "clips.jsonl")
        _ = try planner.prepare(folder.url.appending(path: "job.yaml"), output: output)
    }

    @Test("a preset that reads a list of captions is refused without one, for the first row of each task")
    func presetsWithoutAList() throws {
        let found = try #require(
            problems(
                #"{"video": "a.mp4"}"# + "\n" + #"{"id": "x", "task": "joint", "prompt": "rain"}"#, "preset=search"))
        #expect(
            found.others
                == [
                    ("1, task v2a", "words"), ("2, task joint", "words"), ("2, task joint", "definite"),
                ].map {
                    "row \($0): `guidance.\($1)` needs `labels`: a text file with one caption per line; "
                        + "name one, or set `guidance.\($1): off`"
                })
        #expect(problems(#"{"video": "a.mp4"}"#, "tasks.joint.guidance.words=on") == nil)
    }

    @Test("a list too short to weigh captions by is noted where captions are weighed")
    func shortLists() throws {
        let rows = #"{"video": "a.mp4"}"# + "\n" + #"{"id": "x", "task": "a2i", "audio": "sound.wav"}"#
        func notes(_ count: Int, _ settings: String...) throws -> [String] {
            let models = ModelInspection(labels: count)
            return try prepare(rows, "labels=l.txt", settings[0], settings.last ?? "", models: models).notes
        }
        #expect(
            try notes(9, "preset=guided") == [
                "v2a, a2i: a list of 9 is too short to tell how well a caption fits, and every caption is followed; "
                    + "give `labels` at least 10 captions"
            ])
        #expect(try notes(9, "preset=guided", "tasks.a2i.guidance=off").first?.hasPrefix("v2a: a list of 9") == true)
        #expect(try notes(10, "preset=guided") == [])
        #expect(try notes(3, "preset=search") == [])
    }

    @Test("all of several finished samples take as much room each")
    func bytesOfAllThatIsKept() throws {
        func bytes(_ settings: String...) throws -> Int64 {
            try prepare(#"{"video": "a.mp4"}"#, settings[0], "guidance.best=4", "members=[json, wav]").expectedBytes
        }
        let (one, all) = (try bytes("guidance.keep=best"), try bytes("guidance.keep=all"))
        // Of twice the sample, for its segment lies beside the shard: three sounds of 10 s more, and what is told of them.
        let more: Int64 = (all - one) / 6
        #expect(more >= 321_024 && more < 325_000)
    }

    @Test("a prepared plan says what is done for each of its tasks")
    func summaries() throws {
        let rows = #"{"video": "a.mp4"}"# + "\n" + #"{"id": "x", "video": "b.mp4", "duration": 2}"#
        let prepared = try prepare(rows, "preset=search", "labels=l.txt", models: ModelInspection(labels: 72))
        let summary = try #require(prepared.summary(of: .v2a))
        #expect(summary.lines[0].hasPrefix("v2a, preset search: 30 steps of ddim; words from 72 captions"))
        #expect(summary == GuidanceSummary(prepared.job, .v2a, SampleExtent(duration: 6, frames: nil), labels: 72))
        #expect(prepared.summary(of: .a2v) == nil)
    }

    @Test func noMoreFramesThanTheMotionAdapterHasPositionsFor() throws {
        let limited = ModelInspection(maximumFrames: 24)
        let rows = #"{"id": "a", "task": "joint", "prompt": "x", "duration": 3}"#
        #expect(try prepare(rows, models: limited).plan.samples[0].frames == 24)
        #expect { try prepare(rows.replacing("3}", with: "3.1}"), models: limited) } throws: {
            "\($0)".contains(
                "row 1, `duration`: 3.1 s at 8 fps are 25 frames and models.motion has positions for 24; give at most 3 s"
            )
        }
        #expect {
            try prepare(#"{"id": "a", "task": "joint", "prompt": "x"}"#, "sampling.frames=32", models: limited)
        } throws: {
            "\($0)".contains("task joint: `sampling.frames` is 32 and models.motion has positions for 24 frames")
        }
        // Rows that say how long they are do not ask the job.
        _ = try prepare(rows, "sampling.frames=32", "invalid_rows=record", models: ModelInspection(maximumFrames: 32))
    }

    @Test(
        "audio and windows that do not fit are named with the reason",
        arguments: [
            (#"{"id": "x", "task": "a2v", "audio": "b.png"}"#, "notFound", "`audio`"),
            (#"{"id": "x", "task": "a2v", "audio": "c.png"}"#, "noAudioStream", "it has no audio"),
            (#"{"id": "x", "task": "a2v", "audio": "pips.wav"}"#, "tooShort", "lasts 0.05 s"),
            (
                #"{"id": "x", "task": "a2v", "audio": "sound.wav", "start": 2.95}"#, "outOfRange",
                "the audio ends at 3 s"
            ),
            (#"{"id": "x", "task": "a2v", "audio": "sound.wav", "duration": 31}"#, "noDuration", "31 s, longer than"),
            (#"{"id": "x", "task": "a2i", "audio": "long.mp4"}"#, "noDuration", "the window would last 7200 s"),
            (
                #"{"id": "x", "task": "a2i", "audio": "long.mp4", "duration": 40}"#, "noDuration",
                "the window would last 40 s"
            ),
            (#"{"id": "x", "task": "a2i", "audio": "raw.aac"}"#, "noDuration", "does not tell its length"),
            (
                #"{"id": "x", "task": "a2i", "audio": "sound.wav", "start": 2, "duration": 2}"#, "outOfRange",
                "the audio at 3 s"
            ),
            (#"{"id": "x", "task": "i2a", "video": "long.mp4"}"#, "noDuration", "the window would last 7200 s"),
            (#"{"id": "x", "task": "i2a", "video": "c.png"}"#, "wrongMedia", "still image"),
            (#"{"id": "x", "task": "joint", "prompt": "x", "duration": 31}"#, "noDuration", "31 s, longer than"),
        ])
    func unfitAudioAndWindows(row: String, kind: String, found: String) throws {
        let problem = try #require(problems(#"{"id": "good", "video": "a.mp4"}"# + "\n" + row)?.rows.first.first)
        #expect(problem.row == 2)
        #expect(problem.recordedKind == kind)
        #expect(problem.description.contains(found), "\(problem)")
        #expect(!problem.remedy.isEmpty)
    }

    @Test("each file is looked at once, however far apart the rows are that name it")
    func eachFileIsLookedAtOnce() throws {
        let rows = (0..<9000).map { number in
            let file = number % 3000 == 0 ? "a.mp4" : number % 2 == 0 ? "b.mp4" : "none.mp4"
            return "{\"id\": \"k\(number)\", \"video\": \"\(file)\", \"start\": \(number % 8)}"
        }
        let prepared = try prepare(rows.joined(separator: "\n"), "invalid_rows=record")
        #expect(["a.mp4", "b.mp4", "none.mp4"].map(inputs.count) == [1, 1, 1])
        #expect(prepared.invalidRows.count == 4500)
        #expect(prepared.invalidRows.first.map(\.row) == Array(stride(from: 2, through: 40, by: 2)))
        #expect(try prepared.plan.samples.map(\.index) == Array(0..<9000))
    }

    @Test("names that differ in their Unicode form alone are two files")
    func unicodeForms() throws {
        let composed = "caf\u{E9}.mp4"
        let decomposed = "cafe\u{301}.mp4"
        try folder.write("composed", to: composed)
        try folder.write("decomposed, and longer", to: decomposed)
        let inputs = FakeInputs([composed: FakeInputs.clip])
        try folder.write(
            "{\"id\": \"a\", \"video\": \"\(composed)\"}\n{\"id\": \"b\", \"video\": \"\(decomposed)\"}\n",
            to: "clips.jsonl")
        try folder.write(
            "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, binder: c/d}\n", to: "job.yaml")
        let prepared = try Planner(inputs: inputs, models: FakeModels(), threads: 2).prepare(
            folder.url.appending(path: "job.yaml"), output: output)
        let samples = try prepared.plan.samples
        #expect(samples.map(\.input?.bytes) == [8, 22])
        #expect(samples.compactMap(\.input?.sha256).count == 2)
        #expect(samples[0].input?.sha256 != samples[1].input?.sha256)
        #expect(samples[1].input.map { Array($0.path.utf8.suffix(decomposed.utf8.count)) } == Array(decomposed.utf8))
    }

    @Test("a manifest that is changed while it is read is no plan")
    func changedManifest() throws {
        try folder.write(#"{"id": "a", "video": "a.mp4"}"#, to: "clips.jsonl")
        try folder.write("task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, binder: c/d}\n", to: "job.yaml")
        struct Meddler: ModelProbe {
            let folder: TemporaryFolder
            func inspect(_ job: Job) -> ModelInspection {
                _ = try? folder.write(#"{"id": "b", "video": "b.mp4", "start": 1}"#, to: "clips.jsonl")
                return FakeModels().answer
            }
        }
        #expect {
            try Planner(inputs: inputs, models: Meddler(folder: folder), threads: 2).prepare(
                folder.url.appending(path: "job.yaml"), output: output)
        } throws: { "\($0)".contains("was changed while it was read; plan again") }
    }

    @Test(
        "a row whose file does not fit is named with the reason, or recorded where the job says so",
        arguments: [
            (#"{"id": "x", "video": "none.mp4"}"#, "notFound", "No such file"),
            (#"{"id": "x", "video": "sound.wav"}"#, "noVideoStream", "it has no video"),
            (#"{"id": "x", "video": "c.png"}"#, "wrongMedia", "still image"),
            (#"{"id": "x", "video": "short.mp4"}"#, "tooShort", "lasts 0.04 s"),
            (#"{"id": "x", "video": "a.mp4", "start": 12}"#, "outOfRange", "12 s"),
            (#"{"id": "x", "video": "a.mp4", "start": 9, "duration": 2}"#, "outOfRange", "ends at 11 s"),
            (#"{"id": "x", "video": "raw.h264"}"#, "noDuration", "does not tell its length"),
            (#"{"id": "x", "video": "long.mp4"}"#, "noDuration", "7200 s"),
            (#"{"id": "x", "image": "a.mp4", "task": "i2a"}"#, "wrongMedia", "it is a video"),
            (#"{"id": "x", "image": "tiny.png", "task": "i2a", "duration": 1}"#, "invalidDimensions", "1×1 pixels"),
        ])
    func unfitFiles(row: String, kind: String, found: String) throws {
        let manifest = #"{"id": "good", "video": "a.mp4"}"# + "\n" + row
        let problem = try #require(problems(manifest, "members=[json]")?.rows.first.first)
        #expect(problem.row == 2)
        #expect(problem.recordedKind == kind)
        #expect(problem.description.contains(found))

        let recorded = try prepare(manifest, "members=[json]", "invalid_rows=record")
        #expect(try recorded.plan.samples.map(\.key) == ["good", "x"])
        #expect(try recorded.plan.samples[1].error?.kind == kind)
        #expect(try recorded.plan.samples[0].error == nil)
        #expect(recorded.invalidRows.count == 1)
    }

    @Test func allProblemsTogetherTwentyShown() throws {
        let rows = (0..<30).map { "{\"id\": \"k\($0)\", \"video\": \"none\($0).mp4\"}" }.joined(separator: "\n")
        let found = try #require(problems(rows + "\n{\"id\": \"a b\"}\n"))
        #expect(found.rows.count == 32)
        let lines = found.description.split(separator: "\n")
        #expect(lines.count == 22)
        #expect(lines[20].contains("12 more problems"))
        #expect(lines[21].contains("32 problems in the manifest"))
    }

    @Test func rowsWithoutAKeyAreNeverRecorded() throws {
        let found = problems(
            #"{"id": "a", "video": "a.mp4"}"# + "\n" + #"{"id": "a", "video": "b.mp4"}"#, "invalid_rows=record")
        #expect(found?.rows.first.map(\.kind) == [.duplicate])
    }

    @Test func nothingUsableIsNoRun() throws {
        let found = problems(#"{"id": "a", "video": "none.mp4"}"#, "invalid_rows=record")
        #expect(found?.others.first?.contains("no row of the manifest can be used") == true)
    }

    @Test func modelProblemsStopThePlan() {
        #expect {
            try prepare(
                #"{"video": "a.mp4"}"#,
                models: ModelInspection(problems: ["models.audio: there is none", "models.binder: nor here"]))
        } throws: { "\($0)".contains("models.audio: there is none\nmodels.binder: nor here") }
    }

    @Test("an empty manifest and a missing one end with a message")
    func tasksAndManifestsThatCannotBe() {
        #expect { try prepare("\n") } throws: { "\($0)".contains("has no rows") }
        #expect { try prepare("", "manifest=nowhere.csv") } throws: {
            "\($0)".contains("cannot be read: there is no such file")
        }
    }

    @Test func preparedPlansArePublishedOnce() throws {
        let prepared = try prepare(#"{"video": "a.mp4"}"# + "\n" + #"{"video": "b.mp4"}"#, "batch=1")
        #expect(!FileManager.default.fileExists(atPath: output.path))
        #expect(prepared.expectedBytes > 100_000)
        #expect(try prepared.publish(in: RunDirectory(output)).publication == .created)
        #expect(try prepared.publish(in: RunDirectory(output)).publication == .unchanged)
        try folder.write("other bytes", to: "b.mp4")
        let changed = try prepare(#"{"video": "a.mp4"}"# + "\n" + #"{"video": "b.mp4"}"#, "batch=1")
        #expect { try changed.publish(in: RunDirectory(output)) } throws: {
            "\($0)".contains("sample 1 (b): other input")
        }
    }

    @Test func unreadableFilesAreTheirRowsProblem() throws {
        try FileManager.default.removeItem(at: folder.url.appending(path: "b.mp4"))
        let found = try #require(problems(#"{"video": "b.mp4"}"#)?.rows.first.first)
        #expect(found.recordedKind == "unreadable")
    }
}

@Suite struct ParallelMapTests {
    @Test func keepsOrderAndUsesEachItemOnce() {
        let doubled = ParallelMap.map(Array(0..<1000), threads: 8) { $0 * 2 }
        #expect(doubled == (0..<1000).map { $0 * 2 })
        #expect(ParallelMap.map([Int](), threads: 4) { $0 } == [])
    }
}

@Suite struct ByteTextTests {
    @Test(
        "sizes are written with three digits and a unit",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1500, "1.50 kB"), (12_345_678, "12.3 MB"), (999_999, "1000 kB"),
            (2_000_000_000_000_000, "2000 TB"),
        ])
    func short(bytes: Int, text: String) { #expect(ByteText.short(Int64(bytes)) == text) }
}
