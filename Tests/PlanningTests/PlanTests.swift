import Foundation
import JSON
import Method
import Planning
import TestSupport
import Testing

@testable import Planning

private func samples(_ count: Int, seconds: Double = 10) -> [PlannedSample] {
    (0..<count).map { (number: Int) -> PlannedSample in
        let prompt = number % 2 == 0 ? "a \"dog\"\n\(number)" : nil
        let input = PlannedInput(
            kind: .video, path: "/clips/\(number).mp4", start: 0, duration: 9.97, bytes: Int64(number) << 20,
            sha256: String(repeating: "ab", count: 32))
        return PlannedSample(
            index: 0, key: "k\(number)", task: .v2a, prompt: prompt, negativePrompt: number % 3 == 0 ? "bad" : "",
            input: input, seed: Seeds.maximum - UInt64(number),
            audioSeed: number % 2 == 0 ? UInt64(number) : nil, duration: seconds)
    }
}

@Suite struct PlanTests {
    @Test func batchesNeverCrossShards() throws {
        let plan = try Plan(samples: samples(23), job: try testJob("batch=4", "shard=10"))
        let layout = plan.layout
        let shards = (0..<layout.shards).map { layout.shard($0) }
        #expect(shards.map(\.count) == [10, 10, 3])
        #expect(shards.map(\.firstIndex) == [0, 10, 20])
        #expect(shards.map(\.batches) == [0..<3, 3..<6, 6..<7])
        let batches = (0..<layout.batches).map { layout.samples(ofBatch: $0) }
        #expect(batches == [0..<4, 4..<8, 8..<10, 10..<14, 14..<18, 18..<20, 20..<23])
        #expect((0..<layout.batches).map { layout.shard(ofBatch: $0) } == [0, 0, 0, 1, 1, 1, 2])
        for batch in 0..<layout.batches {
            for sample in try plan.rows.samples(layout.samples(ofBatch: batch)) {
                #expect(sample.batch == batch && layout.batch(ofSample: sample.index) == batch)
                #expect(sample.shard == layout.shard(ofBatch: batch))
            }
        }
        #expect(try plan.samples.map(\.index) == Array(0..<23))
        #expect(try plan.samples.map(\.key) == (0..<23).map { "k\($0)" })
        #expect(plan.tally.batchCosts.count == 7)
    }

    @Test(
        "batches and shards follow from three numbers, whatever they are",
        arguments: [0, 1, 5, 8, 9, 24, 25, 1000], [1, 2, 8, 12, Int.max])
    func layouts(samples: Int, shard: Int) {
        for batch in [1, 3, 8, 100, Int.max] {
            let layout = PlanLayout(samples: samples, shard: shard, batch: batch)
            let inBatches = (0..<layout.batches).flatMap { layout.samples(ofBatch: $0) }
            #expect(inBatches == Array(0..<samples))
            #expect((0..<layout.shards).flatMap { layout.shard($0).batches } == Array(0..<layout.batches))
            #expect((0..<layout.shards).flatMap { layout.shard($0).samples } == Array(0..<samples))
            #expect((0..<samples).allSatisfy { layout.samples(ofBatch: layout.batch(ofSample: $0)).contains($0) })
            #expect((0..<samples).allSatisfy { layout.shard(layout.shard(ofSample: $0)).samples.contains($0) })
        }
    }

    @Test func costGrowsWithLengthStepsAndGuidance() throws {
        func cost(_ seconds: Double, _ overrides: String...) throws -> Double {
            let job = try JobFile.resolve(
                "task: v2a\nmanifest: c.jsonl\nmodels: {audio: a/b, binder: c/d}", path: "/d/j.yaml",
                overrides: overrides)
            return try Plan(samples: samples(1, seconds: seconds), job: job).tally.expectedCost
        }
        #expect(try cost(10) > cost(5))
        #expect(try cost(10) > cost(10, "guidance=off"))
        #expect(try cost(10, "sampling.steps=50") > cost(10))
        #expect(try cost(10, "guidance.every=2") < cost(10))
        var failed = samples(1)
        failed[0].error = PlannedError(kind: "bad_file", message: "x")
        #expect(try Plan(samples: failed, job: try testJob()).tally.expectedCost < 1)
    }

    @Test func imagesCostByPixelsFramesAndWhatTheLossReads() throws {
        func cost(_ task: GenerationTask, frames: Int, _ overrides: String...) throws -> Double {
            let job = try JobFile.resolve(
                "task: v2a\nmanifest: c.jsonl\nmodels: {audio: a/b, binder: c/d}\nsampling: {steps: 20, width: 256, height: 256}\nguidance: {start: 0.45}\n",
                path: "/d/j.yaml", overrides: overrides)
            let sample = PlannedSample(
                index: 0, key: "k", task: task, prompt: nil, negativePrompt: "", input: nil, seed: 0,
                duration: task == .a2i ? 0 : Double(frames) / 8, frames: frames)
            return try Plan(samples: [sample], job: job).tally.expectedCost
        }
        // 20 steps and the last decoding of 12 units a frame; 10 inner steps of 46 on 2 clips of 2 frames.
        let (plain, inner, sound) = (21.0 * 12 * 16, 10.0 * 46 * 4, 2.0 * (20 + 12 * 10 + 4))
        #expect(try cost(.a2v, frames: 16, "guidance=off") == plain)
        #expect(try cost(.a2v, frames: 16) == plain + inner)
        #expect(try cost(.a2v, frames: 16, "sampling.width=512") == 2 * (plain + inner))
        #expect(try cost(.a2i, frames: 1) == (plain / 16) + (inner / 4))
        #expect(try cost(.joint, frames: 16) == plain + inner + sound)
    }

    @Test("the tasks of a plan are those of the samples that can be made")
    func tasksOfWhatCanBeMade() throws {
        var all = samples(3)
        all[1].task = .joint
        all[1].frames = 16
        all[2].task = .a2i
        all[2].error = PlannedError(kind: "bad_file", message: "x")
        let tally = try Plan(samples: all, job: try testJob()).tally
        #expect(Set(tally.made.keys) == [.v2a, .joint])
        #expect(tally.tasks == [.v2a, .joint, .a2i])
        #expect((tally.samples, tally.invalid) == (3, 1))
        #expect(tally.made[.joint] == .init(samples: 1, duration: 10, frames: 16...16))
    }

    @Test("a plan without samples has no batches and no shards")
    func noSamples() throws {
        let plan = try Plan(samples: [], job: try testJob())
        #expect(plan.layout.batches == 0)
        #expect(plan.layout.shards == 0)
    }

    /// The file of a plan in a folder.
    private func write(_ plan: Plan, to folder: TemporaryFolder) throws -> [UInt8] {
        let bytes = try plan.rows.record.frames.indices.flatMap { try plan.rows.bytes(of: $0) }
        try folder.write(bytes, to: PlanFile.fileName)
        return bytes
    }

    @Test("the rows of a plan are read back as they were written, all or any of them")
    func rowsComeBack() throws {
        let folder = try TemporaryFolder()
        var all = samples(5000)
        all[3].error = PlannedError(kind: "noVideoStream", message: "row 4: no picture")
        all[4].input?.sha256 = nil
        all[4].input?.modified = 1_700_000_000_123_456_789
        all[5].input = nil
        all[6].task = .a2v
        all[6].frames = 16
        let plan = try Plan(samples: all, job: try testJob())
        #expect(plan.rows.record.frames.count == 5)
        _ = try write(plan, to: folder)
        let rows = try PlanRows(plan.rows.record, of: PlannedSample.self, in: folder.url)
        let written = try plan.samples
        #expect(try rows.samples(0..<5000) as? [PlannedSample] == written)
        for range in [0..<0, 0..<1, 1023..<1025, 4999..<5000, 1000..<3100] {
            #expect(try rows.samples(range) as? [PlannedSample] == Array(written[range]))
        }
        var passed: [any PlanRow] = []
        try rows.forEach { passed.append($0) }
        #expect(passed as? [PlannedSample] == written)
    }

    @Test("a damaged plan file is refused, by whoever reads the damaged part")
    func damageIsFound() throws {
        let folder = try TemporaryFolder()
        let plan = try Plan(samples: samples(1500), job: try testJob())
        let bytes = try write(plan, to: folder)
        let record = plan.rows.record
        var wrong = record
        wrong.sha256 = String(repeating: "0", count: 64)
        #expect { try PlanRows(wrong, of: PlannedSample.self, in: folder.url).forEach { _ in } } throws: {
            "\($0)".contains("hash")
        }
        wrong = record
        wrong.frames[1].sha256 = String(repeating: "0", count: 64)
        let half = try PlanRows(wrong, of: PlannedSample.self, in: folder.url)
        #expect(try half.samples(0..<1024).count == 1024)
        #expect { try half.samples(1024..<1025) } throws: { "\($0)".contains("frame 1") && "\($0)".contains("hash") }
        for change in [Array(bytes.dropLast()), bytes + [0], []] {
            try folder.write(change, to: PlanFile.fileName)
            #expect(throws: RunError.self) { try PlanRows(record, of: PlannedSample.self, in: folder.url) }
        }
        // Frames of other rows than they are said to hold.
        let other = try Plan(samples: samples(1499), job: try testJob())
        _ = try write(other, to: folder)
        wrong = other.rows.record
        wrong.rows = 1500
        #expect { try PlanRows(wrong, of: PlannedSample.self, in: folder.url).samples(1024..<1500) } throws: {
            "\($0)".contains("does not hold 476 rows")
        }
        for change: (inout PlanFile) -> Void in [
            { $0.frames[0].bytes = .max }, { $0.frames[0].bytes = -1 }, { $0.rowsPerFrame = 0 }, { $0.rows = -1 },
            { $0.rows = .max }, { $0.frames = [] }, { $0.file = "../\(PlanFile.fileName)" },
        ] {
            wrong = other.rows.record
            change(&wrong)
            #expect(throws: RunError.self) { try PlanRows(wrong, of: PlannedSample.self, in: folder.url) }
        }
        try FileManager.default.removeItem(at: folder.url.appending(path: PlanFile.fileName))
        #expect(throws: RunError.self) { try PlanRows(record, of: PlannedSample.self, in: folder.url) }
    }

    @Test func theSameRowsGiveTheSameBytes() throws {
        let job = try testJob()
        let first = try Plan(samples: samples(100), job: job).rows
        let second = try Plan(samples: samples(100), job: job).rows
        #expect(first.record == second.record)
        #expect(try first.bytes(of: 0) == second.bytes(of: 0))
    }

    @Test func framesBelongToVideos() throws {
        func parse(_ task: GenerationTask, _ frames: Int?) throws -> PlannedSample {
            var sample = samples(1)[0]
            sample.task = task
            sample.frames = frames
            var writer = JSONWriter()
            sample.write(to: &writer)
            return try PlannedSample(parsing: Array(writer.bytes.dropLast()))
        }
        #expect(try parse(.joint, 16).frames == 16)
        for (task, frames) in [(GenerationTask.v2a, 1), (.a2v, nil), (.a2i, 0), (.joint, -3)]
            as [(GenerationTask, Int?)]
        {
            #expect(throws: JSONError.self) { try parse(task, frames) }
        }
    }

    @Test("a mutated plan row gives a sample or an error, and no crash")
    func fuzz() throws {
        var writer = JSONWriter()
        var sample = try Plan(samples: samples(1), job: try testJob()).samples[0]
        sample.task = .a2v
        sample.frames = 16
        sample.write(to: &writer)
        let line = Array(writer.bytes.dropLast())
        #expect(try PlannedSample(parsing: line).key == "k0")
        var mutator = ByteMutator(seed: 11)
        for _ in 0..<3_000 { _ = try? PlannedSample(parsing: mutator.mutate(line)) }
    }
}
