import Foundation
import Method
import TestSupport
import Testing

@testable import Planning

@Suite struct StarterJobTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in [
            "clips/b.mp4", "clips/a.MKV", "clips/sub/a.mp4", "clips/.hidden.mp4", "clips/notes.md", "still.png",
            "s.flac",
        ] {
            try folder.write("x", to: name)
        }
    }

    private func starter(
        _ arguments: String..., task: GenerationTask? = nil, out: String? = nil, labels: String? = nil
    ) throws -> StarterJob {
        let inputs = try StarterInputs(arguments.map { "\(folder.path)/\($0)" })
        return try StarterJob(inputs, task: task, folder: out ?? folder.path, labels: labels)
    }

    /// What planning reads of both files.
    private func read(_ starter: StarterJob) throws -> (job: Job, rows: [ManifestRow]) {
        try folder.write(starter.manifest, to: StarterJob.manifestName)
        let job = try JobFile.load(URL(filePath: folder.write(starter.job, to: StarterJob.jobName)))
        var reader = try ManifestReader(job)
        var rows: [ManifestRow] = []
        while let item = try reader.next() {
            guard case .row(let row) = item else { throw StarterError.noMedia("\(item)") }
            rows.append(row)
        }
        return (job, rows)
    }

    @Test(
        "what is in folders, files and lists becomes rows that planning understands, in order and each with an id of its own"
    )
    func media() throws {
        try folder.write("# mine\nstill.png\n\n  clips/b.mp4  \nrain on a roof\n", to: "list.txt")
        let starter = try starter("clips", "list.txt", "./s.flac")
        #expect(starter.rows == 6 && starter.tasks == [.v2a, .a2v, .i2a, .joint])
        let (job, rows) = try read(starter)
        #expect(rows.allSatisfy { $0.problems.isEmpty })
        #expect(rows.map(\.key) == ["a", "b", "a-2", "still", "s", "row-000001"])
        #expect(rows.map(\.task) == [.v2a, .v2a, .v2a, .i2a, .a2v, .joint])
        let files = ["clips/a.MKV", "clips/b.mp4", "clips/sub/a.mp4", "still.png", "s.flac"].map {
            "\(folder.path)/\($0)"
        }
        #expect(rows.map(\.input?.path) == files + [nil])
        #expect(rows.last?.prompt == "rain on a roof")
        #expect(job.preset == .official && job.task == .v2a)
        #expect(job.models[.animateDiff] != nil && job.models[.mmDiffusion] == nil)
        // Files below the folder are named from there, so that it can be moved as a whole.
        #expect(String(decoding: starter.manifest, as: UTF8.self).contains(#""video":"clips/b.mp4""#))
        let elsewhere = try self.starter("clips", out: "/somewhere")
        #expect(String(decoding: elsewhere.manifest, as: UTF8.self).contains("\(folder.path)/clips/b.mp4"))
    }

    @Test("a task takes what it can use, the sound of a video too")
    func task() throws {
        let (job, rows) = try read(starter("clips", "s.flac", "still.png", task: .a2i))
        #expect(rows.map(\.task) == Array(repeating: .a2i, count: 4) && rows.allSatisfy { $0.input?.kind == .audio })
        #expect(job.models[.animateDiff] == nil && job.models[.audioLDM] == nil)
        #expect(throws: StarterError.unfit(.v2a, needs: "a file with video")) { try starter("s.flac", task: .v2a) }
        #expect(throws: StarterError.unfit(.joint, needs: "prompts, one a line of a .txt file")) {
            try starter("s.flac", task: .joint)
        }
    }

    @Test("with a list of captions the job searches in it")
    func labels() throws {
        let list = try folder.write("a dog barks\n", to: "captions.txt")
        let job = try read(starter("clips", labels: list)).job
        #expect(job.preset == .search && job.labels == list)
    }

    @Test("what is not there, or no media, is named")
    func refused() throws {
        #expect(throws: StarterError.nothingThere("\(folder.path)/none")) { try starter("none") }
        #expect(throws: StarterError.noMedia("\(folder.path)/clips/notes.md")) { try starter("clips/notes.md") }
        try folder.write("x", to: "empty/notes.md")
        #expect(throws: StarterError.noMedia("\(folder.path)/empty")) { try starter("empty") }
        try folder.write([0xFF, 0xFE], to: "bad.txt")
        #expect(throws: StarterError.unreadable("\(folder.path)/bad.txt", "it is not UTF-8 text")) {
            try starter("bad.txt")
        }
    }
}
