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
            input: input, seed: Seeds.maximum - UInt64(number), duration: seconds)
    }
}

@Suite struct PlanTests {
    @Test func batchesNeverCrossShards() throws {
        let plan = Plan(samples: samples(23), job: try testJob("batch=4", "shard=10"))
        #expect(plan.shards.map(\.count) == [10, 10, 3])
        #expect(plan.shards.map(\.firstIndex) == [0, 10, 20])
        #expect(plan.shards.map(\.batches) == [0..<3, 3..<6, 6..<7])
        #expect(plan.batches.map(\.samples) == [0..<4, 4..<8, 8..<10, 10..<14, 14..<18, 18..<20, 20..<23])
        #expect(plan.batches.map(\.shard) == [0, 0, 0, 1, 1, 1, 2])
        for batch in plan.batches {
            for sample in plan.samples(of: batch) {
                #expect(sample.batch == batch.number)
                #expect(sample.shard == batch.shard)
            }
        }
        #expect(plan.samples.map(\.index) == Array(0..<23))
        #expect(plan.samples.map(\.key) == (0..<23).map { "k\($0)" })
    }

    @Test func costGrowsWithLengthStepsAndGuidance() throws {
        func cost(_ seconds: Double, _ overrides: String...) throws -> Double {
            let job = try JobFile.resolve(
                "task: v2a\nmanifest: c.jsonl\nmodels: {audio: a/b, binder: c/d}", path: "/d/j.yaml",
                overrides: overrides)
            return Plan(samples: samples(1, seconds: seconds), job: job).expectedCost
        }
        #expect(try cost(10) > cost(5))
        #expect(try cost(10) > cost(10, "guidance=off"))
        #expect(try cost(10, "sampling.steps=50") > cost(10))
        #expect(try cost(10, "guidance.every=2") < cost(10))
        var failed = samples(1)
        failed[0].error = PlannedError(kind: "bad_file", message: "x")
        #expect(Plan(samples: failed, job: try testJob()).expectedCost < 1)
    }

    @Test func imagesCostByPixelsFramesAndWhatTheLossReads() throws {
        func cost(_ task: GenerationTask, frames: Int, _ overrides: String...) throws -> Double {
            let job = try JobFile.resolve(
                "task: v2a\nmanifest: c.jsonl\nmodels: {audio: a/b, binder: c/d}\nsampling: {steps: 20, width: 256, height: 256}\nguidance: {start: 0.45}\n",
                path: "/d/j.yaml", overrides: overrides)
            let sample = PlannedSample(
                index: 0, key: "k", task: task, prompt: nil, negativePrompt: "", input: nil, seed: 0,
                duration: task == .a2i ? 0 : Double(frames) / 8, frames: frames)
            return Plan(samples: [sample], job: job).expectedCost
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
        #expect(Plan(samples: all, job: try testJob()).tasks == [.v2a, .joint])
        #expect(Plan.tasks(of: all) == [.v2a, .joint, .a2i])
    }

    @Test("a plan without samples has no batches and no shards")
    func noSamples() throws {
        let plan = Plan(samples: [], job: try testJob())
        #expect(plan.batches.isEmpty)
        #expect(plan.shards.isEmpty)
    }

    @Test("the rows of a plan are read back as they were written")
    func rowsComeBack() throws {
        let folder = try TemporaryFolder()
        var all = samples(9000)
        all[3].error = PlannedError(kind: "noVideoStream", message: "row 4: no picture")
        all[4].input?.sha256 = nil
        all[4].input?.modified = 1_700_000_000_123_456_789
        all[5].input = nil
        all[6].task = .a2v
        all[6].frames = 16
        let plan = Plan(samples: all, job: try testJob())
        let (record, bytes) = try PlanFile.encode(plan.samples)
        #expect(record.frames.count == 3)
        try Data(bytes).write(to: folder.url.appending(path: record.file))
        #expect(try record.read(in: folder.url) == plan.samples)
    }

    @Test("a damaged plan file is refused")
    func damageIsFound() throws {
        let folder = try TemporaryFolder()
        let plan = Plan(samples: samples(40), job: try testJob())
        let (record, bytes) = try PlanFile.encode(plan.samples)
        let url = folder.url.appending(path: record.file)
        var wrong = record
        wrong.sha256 = String(repeating: "0", count: 64)
        try Data(bytes).write(to: url)
        #expect { try wrong.read(in: folder.url) } throws: { "\($0)".contains("hash") }
        for change in [Array(bytes.dropLast()), bytes + [0], []] {
            try Data(change).write(to: url)
            #expect(throws: RunError.self) { try record.read(in: folder.url) }
        }
        wrong = record
        wrong.frames = [Int.max, 1]
        #expect(throws: RunError.self) { try wrong.read(in: folder.url) }
        try FileManager.default.removeItem(at: url)
        #expect(throws: RunError.self) { try record.read(in: folder.url) }
    }

    @Test func theSameRowsGiveTheSameBytes() throws {
        let job = try testJob()
        let first = try PlanFile.encode(Plan(samples: samples(100), job: job).samples)
        let second = try PlanFile.encode(Plan(samples: samples(100), job: job).samples)
        #expect(first.record == second.record)
        #expect(first.bytes == second.bytes)
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
        var sample = Plan(samples: samples(1), job: try testJob()).samples[0]
        sample.task = .a2v
        sample.frames = 16
        sample.write(to: &writer)
        let line = Array(writer.bytes.dropLast())
        #expect(try PlannedSample(parsing: line).key == "k0")
        var mutator = ByteMutator(seed: 11)
        for _ in 0..<3_000 { _ = try? PlannedSample(parsing: mutator.mutate(line)) }
    }
}
