internal import ClipSampling
internal import Engine
internal import Foundation
package import Method
package import Planning
internal import Torch

/// Measures the steps of a task as a rank runs them: the same pipeline with the settings of a job, on samples that are made up.
package struct StepBenchmark {
    package struct Options: Sendable {
        /// Numbers of samples to compute together, each by itself, ascending.
        package var batches = [1]
        /// Steps whose time is taken.
        package var steps = 5
        /// Steps before them, at least one.
        package var warmUp = 1
        /// Which steps: guided ones, plain ones, or both.
        package var guided = [true, false]
        /// Numbers of samples that are made together from beginning to end, as the job says.
        package var samples: [Int] = []

        package init() {}
    }

    private let job: Job
    private let task: GenerationTask
    private let options: Options

    /// Seconds of a clip whose length the job leaves to its input, and of the audio that steers an image.
    package static let clipSeconds = 10.0

    /// - Parameter job: its manifest is not read.
    package init(_ job: Job, _ task: GenerationTask, _ options: Options) {
        self.job = job.narrowed(to: [task])
        self.task = task
        self.options = options
    }

    /// Loads, measures the device, then batch after batch.
    ///
    /// - Parameters:
    ///   - ceilings: of the device in the job's precision; nil measures them.
    ///   - progress: gets a line before each part.
    ///   - each: gets the report so far, before the first batch and after each, so that what was measured is there if the
    ///     rest is not, and a place that cannot be written to is known in time.
    /// - Throws: ``BenchmarkError`` for what cannot be measured here; errors of loading and of libtorch; what `each` throws.
    package func run(
        ceilings: DeviceCeilings? = nil, progress: (String) -> Void = { _ in },
        each: (BenchmarkReport) throws -> Void = { _ in }
    ) throws -> BenchmarkReport {
        let problems = job.problems(of: task, location: "task \(task.rawValue)")
        guard problems.isEmpty else { throw JobError.invalid(problems) }
        if let scheduler = job.settings(for: task).sampling.coupled?.scheduler, !scheduler.hasKnownSteps {
            throw BenchmarkError.noSteps(scheduler.rawValue)
        }
        let choice = try DeviceChoice(job, localRank: 0, ranksOnNode: 1)
        let device = choice.device
        if device == .cpu {
            for (key, value) in [("tf32", job.tf32), ("graphs", job.graphs)] where value == .on {
                throw BenchmarkError.needsCUDA(key)
            }
        }
        try choice.apply(job)

        progress("measuring \(choice.description)")
        let ceilings = try ceilings ?? DeviceCeilings(job.precision.dtype, on: device)
        if device != .cpu { try TorchRuntime.emptyCache() }
        progress("loading the models")
        let clock = ContinuousClock()
        let begun = clock.now
        let pipeline = try GenerationPipeline.load(job, dtype: job.precision.dtype, device: device)
        try device.synchronize()
        var report = BenchmarkReport(
            schema: BenchmarkReport.schema, version: RunDescription.version, libtorch: TorchRuntime.version,
            device: choice.description, instructions: TorchRuntime.cpuCapability, task: task, preset: job.preset,
            precision: job.precision, memory: job.memory, tf32: job.tf32 == .on, graphs: job.graphs == .on,
            ceilings: ceilings, load: (clock.now - begun) / .seconds(1), steps: [], samples: [], outOfMemory: [])
        let bench = Bench(
            pipeline: pipeline, hasGraphs: job.graphs == .on, settings: settings, task: task, device: device,
            options: options, ceilings: ceilings)
        try each(report)
        for batch in Set(options.batches + options.samples).sorted() {
            do {
                for guided in options.batches.contains(batch) ? kinds : [] {
                    progress("batch \(batch), \(guided ? "guided" : "plain") steps")
                    report.steps.append(try bench.steps(batch, guided: guided))
                }
                if options.samples.contains(batch) {
                    progress("batch \(batch), whole samples")
                    report.samples.append(try bench.samples(batch))
                }
            } catch let error as TorchError where error.isOutOfMemory {
                progress("batch \(batch): \(error)")
                try? TorchRuntime.emptyCache()
                report.outOfMemory.append(batch)
            }
            try each(report)
            if !report.outOfMemory.isEmpty { break }
        }
        return report
    }

    /// What a rank computes a sample of the task with.
    private var settings: GenerationSettings {
        let sampling = job.settings(for: task).sampling
        let extent: SampleExtent
        if let length = sampling.video?.length ?? sampling.coupled?.length {
            let timeline = Timeline(frames: length.frames, rate: length.rate)
            extent = SampleExtent(duration: timeline.duration, frames: timeline.frames)
        } else if sampling.video != nil {
            extent = SampleExtent(duration: 0, frames: 1)
        } else if case .seconds(let seconds) = sampling.audio?.duration {
            extent = SampleExtent(duration: seconds, frames: nil)
        } else {
            extent = SampleExtent(duration: Self.clipSeconds, frames: nil)
        }
        return GenerationSettings(job, task, extent)
    }

    /// A job without guidance has no guided steps.
    private var kinds: [Bool] { options.guided.filter { !$0 || job.settings(for: task).guidance != .off } }
}

/// Why there is nothing to measure.
package enum BenchmarkError: Error, CustomStringConvertible {
    /// An option that only a GPU has.
    case needsCUDA(String)
    /// A scheduler whose steps are not known before.
    case noSteps(String)
    /// No step was asked for.
    case nothingRan

    package var description: String {
        switch self {
        case .nothingRan: "nothing was measured: give at least one batch of at least one sample, and one step."
        case .noSteps(let scheduler):
            "\(scheduler) has no steps that could be measured one by one: name another in sampling.mm.scheduler."
        case .needsCUDA(let option):
            "--\(option) on needs a CUDA device, and this computes on the CPU: leave it off, or name --device cuda."
        }
    }
}

/// Loaded models, and what is made with them.
private struct Bench {
    let pipeline: GenerationPipeline
    /// Whether the pipeline records its work.
    let hasGraphs: Bool
    let settings: GenerationSettings
    let task: GenerationTask
    let device: Device
    let options: StepBenchmark.Options
    let ceilings: DeviceCeilings

    func steps(_ batch: Int, guided: Bool) throws -> BenchmarkReport.Steps {
        var modes = [StepWatch.Mode](repeating: .warmUp, count: max(options.warmUp, 1))
        // The step that is counted warms up as well, unless what is timed replays graphs, which show no operations.
        if !hasGraphs { modes[0] = .counted }
        modes += [StepWatch.Mode](repeating: .timed, count: options.steps)
        // On the host a step is as fast with its stages timed.
        if device != .cpu { modes += [StepWatch.Mode](repeating: .staged, count: options.steps) }
        defer { _ = try? OperationCounter.stop() }
        let alone = hasGraphs ? StepWatch([.counted], device: device) : nil
        if let alone {
            _ = try generate(batch, every(guided, steps: 1), alone, recorded: false)
            _ = try alone.end()
        }
        let memory = try PeakMemory(of: device)
        let watch = StepWatch(modes, device: device)
        let results = try generate(batch, every(guided, steps: modes.count), watch)
        let finish = try watch.end()
        let staged = watch.steps.filter { $0.mode == (device == .cpu ? .timed : .staged) }
        guard let counted = (alone ?? watch).steps.first(where: { $0.mode == .counted }), let first = results.first,
            let times = BenchmarkReport.Times(watch.steps.filter { $0.mode == .timed }.map(\.seconds))
        else { throw BenchmarkError.nothingRan }
        var stages = counted.stages.compactMap { stage in
            BenchmarkReport.Stage(
                stage.name, staged.compactMap { $0.stages.first { $0.name == stage.name }?.seconds }, stage.counts,
                ceilings)
        }
        let rest = counted.stages.reduce(counted.counts) { $0 - $1.counts }
        stages += [
            BenchmarkReport.Stage(
                "other", staged.map { $0.stages.reduce($0.seconds) { $0 - $1.seconds } }, rest, ceilings)
        ].compactMap { $0 }
        return BenchmarkReport.Steps(
            batch: batch, guided: guided, latents: [first.audio?.latent, first.video?.latent].compactMap { $0?.shape },
            begin: watch.begin, step: times, stages: stages, finish: finish, peakBytes: try memory.bytes,
            peakIsOwn: memory.isOwn)
    }

    func samples(_ batch: Int) throws -> BenchmarkReport.Samples {
        let steps = GuidedSteps()
        let memory = try PeakMemory(of: device)
        let began = Date.now.timeIntervalSince1970
        let clock = ContinuousClock()
        let start = clock.now
        _ = try generate(batch, settings, steps)
        try device.synchronize()
        return BenchmarkReport.Samples(
            batch: batch, steps: steps.all, guidedSteps: steps.guided, seconds: (clock.now - start) / .seconds(1),
            lasts: settings.extent.duration, began: began, ended: Date.now.timeIntervalSince1970,
            peakBytes: try memory.bytes)
    }

    /// The job's settings for so many steps, all of them guided or none.
    private func every(_ guided: Bool, steps: Int) -> GenerationSettings {
        var settings = settings
        settings.sampling.steps = settings.sampling.coupled?.scheduler.predictions(forSteps: steps) ?? steps
        settings.guidance = guided ? settings.guidance.atEveryStep : .off
        return settings
    }

    private func generate(
        _ batch: Int, _ settings: GenerationSettings, _ observer: any SamplerObserver, recorded: Bool = true
    ) throws -> [GenerationResult] {
        let condition = try condition
        let requests = (0..<batch).map { sample in
            GenerationRequest(
                caption: "a dog barking in the rain", negativePrompt: "", condition: condition, seed: UInt64(sample))
        }
        var pipeline = pipeline
        if !recorded { pipeline.recorder = nil }
        return try pipeline.generate(requests, settings, observer: observer)
    }

    /// Noise in the shape of what steers the task: for how long it takes only the shape counts.
    private var condition: GenerationRequest.Condition? {
        get throws {
            let clips = settings.clips
            switch task {
            case .v2a:
                let clip = [Image](repeating: image, count: clips.framesPerClip)
                return .clips(
                    [[Image]](repeating: clip, count: clips.clips(in: settings.extent.duration)))
            case .i2a: return .image(image)
            case .a2v, .a2i:
                let seconds =
                    settings.sampling.video?.length == nil ? StepBenchmark.clipSeconds : settings.extent.duration
                let wave = try Generator(seed: 0).normal([Int(seconds * Double(GenerationPipeline.samplingRate))])
                return .audio(try wave.floats(), clips: clips.clips(in: seconds))
            case .joint, .mm: return nil
            }
        }
    }

    private var image: Image {
        let side = 224
        return Image(
            unchecked: (0..<3 * side * side).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }, width: side,
            height: side)
    }
}

/// Counts the steps of a run, and does nothing else.
private final class GuidedSteps: SamplerObserver {
    private(set) var all = 0
    private var withGradient: Set<Int> = []
    var guided: Int { withGradient.count }

    func willBegin(step: Int, of steps: Int) throws { all += 1 }

    func willSpend(on stage: String) {
        if stage == "backward" { withGradient.insert(all) }
    }
}
