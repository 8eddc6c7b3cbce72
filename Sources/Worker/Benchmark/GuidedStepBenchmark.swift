internal import Checkpoint
internal import ClipSampling
internal import Engine
internal import Foundation
package import Method
internal import Networks
package import Torch

/// Measures guided steps of what the worker runs, on this machine: wall time by stage, and peak memory.
///
/// One configuration for each process, so that the peak is that configuration's.
package struct GuidedStepBenchmark {
    /// What is generated.
    package enum Subject: Sendable {
        /// Audio by the AudioLDM of a folder.
        case audio(folder: String, duration: Double)
        /// An image by the Stable Diffusion of a folder.
        case image(folder: String, size: Int)
        /// A video by Stable Diffusion with a motion adapter. Its frame rate is such that it lasts two seconds.
        case video(folder: String, motion: String, size: Int, frames: Int)
    }

    package struct Options: Sendable {
        package var subject: Subject
        package var binder: String
        package var batch = 1
        package var steps = 3
        package var tunePrompt = false
        package var memory = MemoryPolicy.auto
        package var precision = Precision.fp32
        package var device = Device.cpu

        package init(_ subject: Subject, binder: String) {
            self.subject = subject
            self.binder = binder
        }
    }

    /// Seconds of the fastest step after the first, by stage; bytes.
    package struct Report: Sendable, Codable {
        package let batch: Int
        package let threads: Int
        package let memory: String
        /// Of one sample.
        package let latent: [Int]
        package let load: Double
        package let guidedStep: [String: Double]
        package let guidedStepTotal: Double
        package let finalDecode: Double
        package let peakMemoryBytes: Int
    }

    private let options: Options

    package init(_ options: Options) { self.options = options }

    /// - Throws: errors of loading and of libtorch.
    package func run() throws -> Report {
        let clock = ContinuousClock()
        let begun = clock.now
        let pipeline = try load()
        let load = (clock.now - begun).inSeconds
        let times = StepTimes(device: options.device)
        let requests = try (0..<options.batch).map { sample in
            GenerationRequest(
                caption: "a dog barking in the rain", negativePrompt: "", condition: try condition,
                seed: UInt64(sample))
        }
        let results = try pipeline.generate(requests, settings, observer: times)
        let counted = times.steps.count > 1 ? Array(times.steps.dropFirst()) : times.steps
        let fastest = counted.min { $0.total < $1.total }
        return Report(
            batch: options.batch, threads: TorchRuntime.threads, memory: options.memory.rawValue,
            latent: (results[0].audio?.latent ?? results[0].video?.latent)?.shape ?? [], load: load,
            guidedStep: fastest?.stages ?? [:], guidedStepTotal: fastest?.total ?? 0,
            finalDecode: times.finish, peakMemoryBytes: try PeakMemory.bytes(options.device))
    }

    private func load() throws -> GenerationPipeline {
        let cache = HuggingFaceCache()
        let (dtype, device) = (options.precision.dtype, options.device)
        let binder = try BinderModel(ImageBindFiles(cache.resolve(options.binder)), dtype: dtype, device: device)
        func video(_ folder: String, _ motion: String?) throws -> GenerationPipeline {
            GenerationPipeline(
                audio: nil,
                video: try StableDiffusionModels(
                    ModelFolder(cache.resolve(folder)),
                    motion: motion.map { try MotionAdapterFiles(cache.resolve($0)) },
                    dtype: dtype, device: device), binder: binder)
        }
        switch options.subject {
        case .audio(let folder, _):
            return GenerationPipeline(
                audio: try AudioLDMModels(ModelFolder(cache.resolve(folder)), dtype: dtype, device: device), video: nil,
                binder: binder)
        case .image(let folder, _): return try video(folder, nil)
        case .video(let folder, let motion, _, _): return try video(folder, motion)
        }
    }

    private var task: GenerationTask {
        switch options.subject {
        case .audio: .i2a
        case .image: .a2i
        case .video: .a2v
        }
    }

    /// The preset `official`, with every step guided.
    private var settings: GenerationSettings {
        var sampling = Preset.official.settings(for: task).sampling
        sampling.steps = options.steps
        var aligner = Preset.official.aligner(for: task)
        aligner.window = .below(.max)
        let rate = options.tunePrompt ? 0.01 : 0
        aligner.promptLearningRate = PerModality(audio: rate, video: rate)
        var extent = SampleExtent(duration: 0, frames: 1)
        switch options.subject {
        case .audio(_, let duration): extent = SampleExtent(duration: duration, frames: nil)
        case .image(_, let size):
            sampling.video?.width = size
            sampling.video?.height = size
        case .video(_, _, let size, let frames):
            sampling.video?.width = size
            sampling.video?.height = size
            sampling.video?.length = VideoLength(frames: frames, fps: Double(frames) / 2)
            extent = SampleExtent(duration: 2, frames: frames)
        }
        return GenerationSettings(
            sampling: sampling, guidance: .aligner(aligner), clips: .imageBind, memory: options.memory, extent: extent)
    }

    /// An image for audio, two seconds of audio for frames; noise, because only its shape counts.
    private var condition: GenerationRequest.Condition {
        get throws {
            guard task.makesAudio else {
                return .audio(
                    try Generator(seed: 0).normal([2 * GenerationPipeline.samplingRate]).floats(), clips: 2)
            }
            let side = 224
            return .image(
                Image(
                    unchecked: (0..<3 * side * side).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) },
                    width: side, height: side))
        }
    }
}

/// Wall time of each step by stage; waits for the device at each boundary.
private final class StepTimes: SamplerObserver {
    struct Step {
        var stages: [String: Double] = [:]
        var total = 0.0
    }

    private let clock = ContinuousClock()
    private let device: Device
    private var begun: ContinuousClock.Instant?
    private(set) var steps: [Step] = []
    /// Of what follows the last step: the final decoding.
    private(set) var finish = 0.0

    init(device: Device) { self.device = device }

    func willBegin(step: Int, of steps: Int) throws {
        try device.synchronize()
        close()
        self.steps.append(Step())
        begun = clock.now
    }

    func spent(_ seconds: Double, on stage: String) {
        if stage.hasSuffix(".finish") {
            // The last step ended where the final decoding began.
            close(before: seconds)
            finish += seconds
        } else if !steps.isEmpty {
            steps[steps.count - 1].stages[stage, default: 0] += seconds
        }
    }

    private func close(before seconds: Double = 0) {
        guard let begun, !steps.isEmpty else { return }
        steps[steps.count - 1].total = (clock.now - begun).inSeconds - seconds
        self.begun = nil
    }
}

extension Duration {
    /// Seconds with fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
