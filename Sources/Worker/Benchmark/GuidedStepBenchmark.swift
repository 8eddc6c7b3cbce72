internal import Checkpoint
internal import Engine
internal import Foundation
package import Torch

/// Measures guided steps of AudioLDM on this machine: wall time by stage, and peak memory.
///
/// One configuration for each process, so that the peak is that configuration's.
package struct GuidedStepBenchmark {
    package struct Options: Sendable {
        package var audio: String
        package var binder: String
        package var seconds = 10.0
        package var batch = 1
        package var steps = 3
        package var tunePrompt = false
        package var dtype = DType.float32
        package var device = Device.cpu

        package init(audio: String, binder: String) {
            self.audio = audio
            self.binder = binder
        }
    }

    /// Seconds of the fastest step after the first, by stage; bytes.
    package struct Report: Sendable, Codable {
        package let seconds: Double
        package let batch: Int
        package let threads: Int
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
        let cache = HuggingFaceCache()
        let models = try AudioModels(
            ModelFolder(cache.resolve(options.audio)), dtype: options.dtype, device: options.device)
        let binder = try BinderModel(
            ImageBindFiles(cache.resolve(options.binder)), dtype: options.dtype, device: options.device)
        let load = (clock.now - begun).inSeconds

        let generator = try Generator(seed: 0)
        let width = models.textEncoder.configuration.projectionDim
        func random(_ shape: [Int]) throws -> Tensor {
            try generator.normal(shape).to(options.dtype, device: options.device)
        }
        let scheduler = try SchedulerChoice().scheduler(models.schedule, steps: options.steps, eta: 0)
        let clips = Int(options.seconds.rounded(.up))
        let stream = AudioStream(
            models: models, binder: binder.network,
            binderInput: try BinderAudioInput(BinderClipSettings(), device: options.device), scheduler: scheduler,
            unconditional: try random([options.batch, width]).normalized(), scale: 2.5, clips: clips)
        let embedding = [options.batch, binder.network.configuration.outEmbedDim]
        let aligner = Aligner(
            guidance: GuidanceOptions(
                learningRates: [.audio: 0.1], promptLearningRates: options.tunePrompt ? [.audio: 0.01] : [:],
                window: .belowTimestep(.max)),
            terms: [AlignmentTerm(.text, .audio), AlignmentTerm(.vision, .audio)],
            conditions: [
                .text: try generator.normal(embedding).to(device: options.device),
                .vision: try generator.normal(embedding).to(device: options.device),
            ])
        let latent = models.latentShape(seconds: options.seconds)
        let times = StepTimes(device: options.device)
        let outcome = try aligner.denoise(
            [stream], latents: [random([options.batch] + latent)],
            prompts: [random([options.batch, width]).normalized()], observer: times)
        times.close()
        let decoding = clock.now
        _ = try stream.decode(outcome.latents[0]).isFinite()
        let finalDecode = (clock.now - decoding).inSeconds
        let counted = times.steps.count > 1 ? Array(times.steps.dropFirst()) : times.steps
        let fastest = counted.min { $0.total < $1.total }
        return Report(
            seconds: options.seconds, batch: options.batch, threads: TorchRuntime.threads, latent: latent, load: load,
            guidedStep: fastest?.stages ?? [:], guidedStepTotal: fastest?.total ?? 0, finalDecode: finalDecode,
            peakMemoryBytes: try PeakMemory.bytes(options.device))
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
