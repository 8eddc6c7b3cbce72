import Coordinator
import Fixtures
import Foundation
import Testing

@testable import Preflight

@Suite struct PlannerTests {
    private let folder: TemporaryFolder
    private let output: URL

    init() throws {
        folder = try TemporaryFolder()
        output = folder.url.appending(path: "run", directoryHint: .isDirectory)
        for name in ["a.mp4", "b.mp4", "c.png", "short.mp4", "raw.h264", "tiny.png", "sound.wav", "long.mp4"] {
            try folder.write("bytes of \(name)", name)
        }
    }

    private let inputs = FakeInputs([
        "a.mp4": FakeInputs.clip, "b.mp4": FakeInputs.clip,
        "c.png": ProbedInput(duration: nil, width: 32, height: 32, hasAudio: false, isImage: true),
        "tiny.png": ProbedInput(duration: nil, width: 1, height: 1, hasAudio: false, isImage: true),
        "short.mp4": ProbedInput(duration: 0.04, width: 64, height: 64, hasAudio: false, isImage: false),
        "raw.h264": ProbedInput(duration: nil, width: 64, height: 64, hasAudio: false, isImage: false),
        "sound.wav": ProbedInput(duration: 3, width: nil, height: nil, hasAudio: true, isImage: false),
        "long.mp4": ProbedInput(duration: 7200, width: 64, height: 64, hasAudio: true, isImage: false),
    ])

    private func prepare(
        _ manifest: String, _ settings: String..., models: ModelInspection = FakeModels().answer
    ) throws(PlanningError) -> PreparedPlan {
        do {
            try folder.write(manifest, "clips.jsonl")
            try folder.write("task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, binder: c/d}\n", "job.yaml")
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

    @Test func windowsAndLengths() throws {
        let prepared = try prepare(
            """
            {"id": "whole", "video": "a.mp4"}
            {"id": "late", "video": "a.mp4", "start": 7.5}
            {"id": "window", "video": "a.mp4", "start": 2, "duration": 3}
            {"id": "raw", "video": "raw.h264", "duration": 2.5}
            """)
        let samples = prepared.plan.samples
        #expect(samples.map(\.durationSeconds) == [10, 3, 3, 2.5])
        #expect(samples.map(\.input?.start) == [0, 7.5, 2, 0])
        #expect(samples.map { ($0.input?.duration ?? 0).rounded(.toNearestOrEven) } == [10, 3, 3, 2])
        #expect(samples[3].input?.duration == 2.5)
        #expect(samples[0].input?.bytes == 14)
        #expect(samples[0].input?.modified == nil)
        // printf 'bytes of a.mp4' | sha256sum
        #expect(samples[0].input?.sha256 == "4f7548c39374154bebaa4e62aa5a2f722225d01ff035d873b1864fc5e7db151e")
        #expect(samples[0].seed == Seeds.seed(for: "whole", jobSeed: 30, mode: .hash))
    }

    @Test func aFixedLengthMayPassTheClipsEnd() throws {
        let prepared = try prepare(#"{"video": "a.mp4", "start": 6}"#, "sampling.duration=8", "input_hash=stat")
        let sample = prepared.plan.samples[0]
        #expect(sample.durationSeconds == 8)
        #expect(abs((sample.input?.duration ?? 0) - 4.01) < 1e-9)
        #expect(sample.input?.sha256 == nil)
        #expect((sample.input?.modified ?? 0) > 1_000_000_000_000_000_000)
    }

    @Test func imagesBesideClips() throws {
        let prepared = try prepare(
            #"{"video": "a.mp4"}"# + "\n" + #"{"image": "c.png", "task": "i2a", "duration": 4}"#, "members=[json, flac]"
        )
        #expect(prepared.plan.samples[1].durationSeconds == 4)
        #expect(prepared.plan.samples[1].input?.start == nil)
    }

    @Test func eachFileIsLookedAtOnce() throws {
        _ = try prepare(
            (0..<20).map { "{\"id\": \"k\($0)\", \"video\": \"a.mp4\", \"start\": \(Double($0) / 4)}" }.joined(
                separator: "\n"))
        #expect(inputs.count("a.mp4") == 1)
    }

    @Test(arguments: [
        (#"{"id": "x", "video": "none.mp4"}"#, "notFound", "No such file"),
        (#"{"id": "x", "video": "sound.wav"}"#, "noVideoStream", "it has no picture"),
        (#"{"id": "x", "video": "c.png"}"#, "wrongMedia", "still picture"),
        (#"{"id": "x", "video": "short.mp4"}"#, "tooShort", "lasts 0.04 s"),
        (#"{"id": "x", "video": "a.mp4", "start": 12}"#, "outOfRange", "12 s"),
        (#"{"id": "x", "video": "a.mp4", "start": 9, "duration": 2}"#, "outOfRange", "ends at 11 s"),
        (#"{"id": "x", "video": "raw.h264"}"#, "noDuration", "does not tell its length"),
        (#"{"id": "x", "video": "long.mp4"}"#, "noDuration", "7200 s"),
        (#"{"id": "x", "image": "a.mp4", "task": "i2a"}"#, "wrongMedia", "moving picture"),
        (#"{"id": "x", "image": "tiny.png", "task": "i2a", "duration": 1}"#, "invalidDimensions", "1×1 pixels"),
    ])
    func unfitFiles(row: String, kind: String, found: String) throws {
        let manifest = #"{"id": "good", "video": "a.mp4"}"# + "\n" + row
        let problem = try #require(problems(manifest, "members=[json]")?.rows.first)
        #expect(problem.row == 2)
        #expect(problem.recordedKind == kind)
        #expect(problem.description.contains(found))

        let recorded = try prepare(manifest, "members=[json]", "invalid_rows=record")
        #expect(recorded.plan.samples.map(\.key) == ["good", "x"])
        #expect(recorded.plan.samples[1].error?.kind == kind)
        #expect(recorded.plan.samples[0].error == nil)
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
        #expect(found?.rows.map(\.kind) == [.duplicate])
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

    @Test func tasksAndManifestsThatCannotBe() {
        #expect { try prepare("", "task=joint", "members=[json]") } throws: {
            "\($0)".contains("not available yet in this version")
        }
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
        try folder.write("other bytes", "b.mp4")
        let changed = try prepare(#"{"video": "a.mp4"}"# + "\n" + #"{"video": "b.mp4"}"#, "batch=1")
        #expect { try changed.publish(in: RunDirectory(output)) } throws: {
            "\($0)".contains("sample 1 (b): other input")
        }
    }

    @Test func unreadableFilesAreTheirRowsProblem() throws {
        try FileManager.default.removeItem(at: folder.url.appending(path: "b.mp4"))
        let found = try #require(problems(#"{"video": "b.mp4"}"#)?.rows.first)
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
    @Test(arguments: [
        (0, "0 bytes"), (999, "999 bytes"), (1500, "1.50 kB"), (12_345_678, "12.3 MB"), (999_999, "1000 kB"),
        (2_000_000_000_000_000, "2000 TB"),
    ])
    func short(bytes: Int, text: String) { #expect(ByteText.short(Int64(bytes)) == text) }
}
