import Foundation
import JSON
import Method
import Planning
import TestSupport
import Testing
import Torch

@testable import Worker

/// What is measured of steps, on the small random models.
@Suite("measuring steps", .serialized) struct StepBenchmarkTests {
    private static let ceilings = DeviceCeilings(product: 1e11, convolution: 2e11, memory: 1e10, operation: 1e-6)

    private func job(_ overrides: String...) throws -> Job {
        let models = RandomModels.folder.path
        return try JobFile.resolve(
            """
            task: v2a
            manifest: none
            models: {audio: audioldm, image: sd15, motion: motion_adapter, mm: mm/landscape.pt, binder: imagebind}
            sampling:
              {duration: 1, frames: 4, fps: 4, width: 64, height: 64,
               mm: {scheduler: ddim, size: 16, head_channels: 16, windows: [1, 4]}}
            threads: 1
            """, path: "\(models)/job.yaml", overrides: overrides)
    }

    private func options(_ batches: [Int] = [1], guided: [Bool] = [true, false]) -> StepBenchmark.Options {
        var options = StepBenchmark.Options()
        options.batches = batches
        options.guided = guided
        options.steps = 1
        return options
    }

    private func flops(_ stage: BenchmarkReport.Stage) -> Int {
        stage.work.productFlops + stage.work.convolutionFlops + stage.work.attentionFlops
    }

    @Test("each task has its stages, with times and work, guided and plain", arguments: GenerationTask.allCases)
    func stages(task: GenerationTask) throws {
        let report = try StepBenchmark(job(), task, options()).run(ceilings: Self.ceilings)
        #expect(report.steps.map(\.guided) == [true, false])
        let (guided, plain) = (report.steps[0], report.steps[1])
        let audio = ["audio.unet", "audio.vae_decode", "audio.vocoder", "audio.fbank", "audio.imagebind"]
        let video = ["video.unet", "video.vae_decode", "video.transform", "video.imagebind"]
        var expected = (task.makesAudio ? audio : []) + (task.makesFrames ? video : [])
        if task.isCoupled {
            expected = ["video.unet", "audio.fbank", "audio.imagebind", "video.transform", "video.imagebind"]
        }
        #expect(Set(guided.stages.map(\.name)) == Set(expected + ["backward", "other"]))
        #expect(Set(plain.stages.map(\.name)) == Set(expected.filter { $0.hasSuffix(".unet") } + ["other"]))
        for step in report.steps {
            #expect(step.latents.count == task.generated.count)
            #expect(step.step.count == 1 && step.step.median > 0 && step.peakBytes > 0 && step.finish > 0)
            // The stages are the step.
            #expect(abs(step.stages.reduce(0) { $0 + $1.seconds.median } / step.step.median - 1) < 1e-6)
            for stage in step.stages where stage.name != "other" {
                #expect(stage.work.operations > 0 && stage.work.bytes > 0 && stage.share > 0, "\(stage.name)")
                if !stage.name.hasSuffix("transform") { #expect(flops(stage) > 0, "\(stage.name)") }
            }
        }
        // A sampler's step is the same work, guided or not, unless its prompt is tuned, which runs the halves apart.
        if !task.makesFrames {
            #expect(guided.stages.first { $0.name == "audio.unet" }?.work == plain.stages[0].work)
        }
    }

    @Test("a batch of three has three times the floating-point operations of one, whatever order they were named in")
    func batches() throws {
        let report = try StepBenchmark(job(), .i2a, options([3, 1], guided: [true])).run(ceilings: Self.ceilings)
        #expect(report.steps.map(\.batch) == [1, 3])
        for (one, three) in zip(report.steps[0].stages, report.steps[1].stages) {
            #expect(one.name == three.name && 3 * one.work.convolutionFlops == three.work.convolutionFlops)
            // The embedding of the time is one for all samples.
            if one.name != "audio.unet" { #expect(3 * flops(one) == flops(three), "\(one.name)") }
        }
        #expect(report.steps[0].latents == report.steps[1].latents)
    }

    @Test("the steps are the job's: with its scale, its precision, its guidance")
    func settings() throws {
        func unet(_ job: Job) throws -> BenchmarkReport.Work? {
            try StepBenchmark(job, .i2a, options(guided: [false])).run(ceilings: Self.ceilings).steps[0].stages[0].work
        }
        let both = try #require(try unet(job()))
        let one = try #require(try unet(job("sampling.cfg_scale=1")))
        #expect(both.convolutionFlops == 2 * one.convolutionFlops)
        let half = try #require(try unet(job("precision=bf16")))
        #expect(both.convolutionFlops == half.convolutionFlops && half.bytes < both.bytes)
        let off = try StepBenchmark(job("guidance=off"), .i2a, options()).run(ceilings: Self.ceilings)
        #expect(off.steps.map(\.guided) == [false], "a job without guidance has no guided steps")
    }

    @Test("whole samples run the job's own steps and window, and each batch is reported when it is done")
    func samples() throws {
        var wanted = options([], guided: [true])
        wanted.samples = [2, 1]
        var seen: [[Int]] = []
        let report = try StepBenchmark(job("sampling.steps=5", "guidance.start=0.2"), .i2a, wanted).run(
            ceilings: Self.ceilings, each: { seen.append($0.samples.map(\.batch)) })
        #expect(seen == [[], [1], [1, 2]])
        for sample in report.samples {
            #expect((sample.steps, sample.guidedSteps, sample.lasts) == (5, 3, 1))
            #expect(sample.ended >= sample.began && sample.seconds > 0)
        }
    }

    @Test("the report reads as it was written, and its table names every stage")
    func report() throws {
        let report = try StepBenchmark(job(), .i2a, options()).run(ceilings: Self.ceilings)
        let bytes = try JSONCoding.encode(report)
        let again = try JSONCoding.decode(BenchmarkReport.self, from: bytes)
        #expect(try JSONCoding.encode(again) == bytes)
        #expect(again.schema == "seehear.bench/1" && again.device == "cpu, 1 thread")
        for stage in report.steps.flatMap(\.stages) { #expect(report.table.contains(stage.name)) }
    }

    @Test("the longest bound limits, and its share is of the time taken")
    func limits() throws {
        var counts = OperationCounts()
        counts.operations = 100
        counts.productFlops = 300_000_000
        counts.attentionFlops = 100_000_000
        counts.convolutionFlops = 200_000_000
        counts.bytes = 10_000_000
        func stage() throws -> BenchmarkReport.Stage {
            try #require(BenchmarkReport.Stage("a", [0.02, 0.01, 0.03], counts, Self.ceilings))
        }
        let compute = try stage()
        #expect(abs(compute.bounds.compute - 0.005) < 1e-12 && abs(compute.bounds.memory - 0.001) < 1e-12)
        #expect(compute.limit == .compute && abs(compute.share - 0.25) < 1e-9 && compute.seconds.median == 0.02)
        counts.bytes = 100_000_000
        #expect(try stage().limit == .memory)
        counts.operations = 15_000
        #expect(try stage().limit == .launch)
        #expect(BenchmarkReport.Stage("a", [], counts, Self.ceilings) == nil)
        #expect(BenchmarkReport.Times([4, 1, 3, 2])?.median == 2.5)
    }

    @Test("what only a GPU has is refused on the CPU, and so is a task whose models are not named")
    func refusals() throws {
        for key in ["tf32", "graphs"] {
            #expect(throws: JobError.self) { try job("device=cpu", "\(key)=on") }
            var onTheHost = try job("\(key)=on")
            onTheHost.device = .cpu
            #expect(throws: BenchmarkError.self) { try StepBenchmark(onTheHost, .i2a, options()).run() }
        }
        let bare = try JobFile.resolve(
            "task: v2a\nmanifest: none\nmodels: {binder: imagebind}\n", path: "\(RandomModels.folder.path)/job.yaml")
        #expect(throws: JobError.self) { try StepBenchmark(bare, .a2v, options()).run() }
    }

    @Test("the device is measured in finite numbers above zero")
    func ceilings() throws {
        let found = try DeviceCeilings(.float32, on: .cpu)
        for number in [found.product, found.convolution, found.memory, found.operation] {
            #expect(number > 0 && number.isFinite)
        }
    }

    @Test("peak memory holds what was held, and begins anew with each measurement")
    func peak() throws {
        let bytes = 256 << 20
        // Other tests of this process come and go meanwhile: that it falls is seen once at least.
        var fell = false
        for _ in 0..<10 where !fell {
            let memory = try PeakMemory(of: .cpu)
            // No tensor: the memory of those is kept.
            let held = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
            held.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
            let peak = try memory.bytes
            #expect(peak > bytes)
            held.deallocate()
            let next = try PeakMemory(of: .cpu)
            fell = try !next.isOwn || next.bytes < peak - bytes / 2
        }
        #expect(fell)
    }
}
