internal import Checkpoint
internal import ClipSampling
package import Engine
internal import Foundation
package import Torch

/// Measures guided steps on this machine: wall time by stage, and peak memory.
///
/// One configuration for each process, so that the peak is that configuration's.
package struct GuidedStepBenchmark {
    /// What is generated.
    package enum Subject: Sendable {
        /// Sound by the AudioLDM of a folder.
        case sound(folder: String, seconds: Double)
        /// A picture by the Stable Diffusion of a folder.
        case picture(folder: String, size: Int)
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
        package var dtype = DType.float32
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
        let binder = try BinderModel(
            ImageBindFiles(HuggingFaceCache().resolve(options.binder)), dtype: options.dtype, device: options.device)
        let subject = try prepare(binder)
        let load = (clock.now - begun).inSeconds
        let stream = subject.stream
        let generated = stream.modality
        let other = generated == .audio ? Modality.vision : .audio
        let embedding = [options.batch, binder.network.configuration.outEmbedDim]
        let aligner = Aligner(
            guidance: GuidanceOptions(
                learningRates: [generated: generated == .audio ? 0.1 : 0.01],
                promptLearningRates: options.tunePrompt ? [generated: 0.01] : [:], window: .belowTimestep(.max)),
            terms: [AlignmentTerm(.text, generated), AlignmentTerm(other, generated)],
            conditions: [.text: try random(embedding), other: try random(embedding)])
        let times = StepTimes(device: options.device)
        let outcome = try aligner.denoise(
            [stream], latents: [random([options.batch] + subject.latent)], prompts: [subject.prompt], observer: times)
        times.close()
        let decoding = clock.now
        _ = try subject.decode(outcome.latents[0]).isFinite()
        let finalDecode = (clock.now - decoding).inSeconds
        let counted = times.steps.count > 1 ? Array(times.steps.dropFirst()) : times.steps
        let fastest = counted.min { $0.total < $1.total }
        return Report(
            batch: options.batch, threads: TorchRuntime.threads, memory: options.memory.rawValue,
            latent: subject.latent, load: load, guidedStep: fastest?.stages ?? [:],
            guidedStepTotal: fastest?.total ?? 0, finalDecode: finalDecode,
            peakMemoryBytes: try PeakMemory.bytes(options.device))
    }

    private struct Prepared {
        let stream: any LatentStream
        let latent: [Int]
        let prompt: Tensor
        let decode: (Tensor) throws -> Tensor
    }

    private func prepare(_ binder: BinderModel) throws -> Prepared {
        let cache = HuggingFaceCache()
        let prompts = [String](repeating: "a dog barking in the rain", count: options.batch)
        let negative = [String](repeating: "", count: options.batch)
        switch options.subject {
        case .sound(let folder, let seconds):
            let models = try AudioModels(
                ModelFolder(cache.resolve(folder)), dtype: options.dtype, device: options.device)
            let stream = AudioStream(
                models: models, binder: binder.network,
                binderInput: try BinderAudioInput(BinderClipSettings(), device: options.device),
                scheduler: try SchedulerChoice().scheduler(models.schedule, steps: options.steps, eta: 0),
                unconditional: try models.embed(negative, limit: models.promptLimit), scale: 2.5,
                clips: Int(seconds.rounded(.up)), memory: options.memory)
            return Prepared(
                stream: stream, latent: models.latentShape(seconds: seconds),
                prompt: try models.embed(prompts, limit: models.promptLimit)
            ) { try stream.decode($0) }
        case .picture(let folder, let size):
            return try pictures(folder, nil, size, nil, binder, prompts, negative)
        case .video(let folder, let motion, let size, let frames):
            return try pictures(folder, motion, size, frames, binder, prompts, negative)
        }
    }

    private func pictures(
        _ folder: String, _ motion: String?, _ size: Int, _ frames: Int?, _ binder: BinderModel, _ prompts: [String],
        _ negative: [String]
    ) throws -> Prepared {
        let cache = HuggingFaceCache()
        let models = try PictureModels(
            ModelFolder(cache.resolve(folder)), motion: motion.map { try MotionAdapterFiles(cache.resolve($0)) },
            dtype: options.dtype, device: options.device)
        let stream = VisionStream(
            models: models, binder: binder.network,
            scheduler: try SchedulerChoice().scheduler(models.schedule, steps: options.steps, eta: 0),
            clipFrames: frames.map { ClipTimes.frames(count: $0, rate: Double($0) / 2, clips: 2) },
            unconditional: try models.embed(negative), scale: 7.5, memory: options.memory)
        return Prepared(
            stream: stream, latent: try models.latentShape(frames: frames, height: size, width: size),
            prompt: try models.embed(prompts)
        ) { try stream.decode($0) }
    }

    private func random(_ shape: [Int]) throws -> Tensor {
        try Generator(seed: 0).normal(shape).to(device: options.device)
    }
}

/// Wall time of each step by stage; waits for the device at each boundary.
private final class StepTimes: AlignerObserver {
    struct Step {
        var stages: [String: Double] = [:]
        var total = 0.0
    }

    private let clock = ContinuousClock()
    private let device: Device
    private var begun: ContinuousClock.Instant?
    private(set) var steps: [Step] = []

    init(device: Device) { self.device = device }

    func willBegin(step: Int, of steps: Int) throws {
        try device.synchronize()
        close()
        self.steps.append(Step())
        begun = clock.now
    }

    func spent(_ seconds: Double, on stage: String) { steps[steps.count - 1].stages[stage, default: 0] += seconds }

    func close() {
        guard let begun, !steps.isEmpty else { return }
        steps[steps.count - 1].total = (clock.now - begun).inSeconds
        self.begun = nil
    }
}

extension Duration {
    /// Seconds with fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
