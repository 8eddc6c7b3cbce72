import ClipSampling
import Goldens
import Method
import Parity
import Testing
import Torch

@testable import Engine

/// What would make a device wait for the host.
@Suite struct HostTransferTests {
    /// Reads the thread's transfers at the beginning of each step and at its end.
    private final class Watch: SamplerObserver {
        var counts: [Int] = []
        func willBegin(step: Int, of steps: Int) throws { counts.append(TorchRuntime.hostTransfers) }
        func spent(_ seconds: Double, on stage: String) {
            // The last thing of a guided step that has a name.
            if stage == "backward" || stage.hasSuffix(".unet") { counts.append(TorchRuntime.hostTransfers) }
        }
    }

    private static func settings(_ task: GenerationTask, _ guidance: Guidance) -> GenerationSettings {
        var sampling = Preset.official.settings(for: task).sampling
        sampling.steps = 3
        sampling.eta = 0.5
        sampling.coupled?.model = CoupledParityTests.model
        sampling.coupled?.scheduler = .ddim
        if sampling.coupled != nil { sampling.steps = 4 }
        sampling.video?.width = 64
        sampling.video?.height = 64
        let isVideo = sampling.video?.length != nil
        if isVideo { sampling.video?.length = VideoLength(frames: 4, fps: 4) }
        return GenerationSettings(
            sampling: sampling, guidance: guidance, clips: .imageBind, memory: .auto,
            extent: sampling.coupled.map { SampleExtent(duration: $0.model.duration, frames: $0.model.frames) }
                ?? SampleExtent(duration: 1, frames: sampling.video == nil ? nil : isVideo ? 4 : 1))
    }

    @Test(
        "between a run's first step and its last no number goes from the host to a tensor or back",
        arguments: GenerationTask.allCases, ["aligner", "tuned", "noise"])
    func noneInAStep(task: GenerationTask, gradient: String) throws {
        let models = Reference.models
        let pipeline = try GenerationPipeline(
            audio: models.audio, video: models.video, coupled: task.isCoupled ? CoupledParityTests.models.get() : nil,
            binder: models.binder)
        var aligner = Preset.official.aligner(for: task)
        aligner.window = .below(.max)
        if gradient == "tuned" { aligner.promptLearningRate = PerModality(audio: 0.01, video: 0.01) }
        var noise = Preset.guided.noise(for: .v2a)
        (noise.until, noise.travel, noise.travelUntil, noise.trustBelow) = (1, 2, 1, 0)
        let guidance = Guidance(
            gradient: gradient == "noise" ? .noise(noise) : .aligner(aligner),
            hearing: gradient == "noise" ? .spectrogram : .vocoder)
        let picture = try #require(Image(width: 32, height: 24, pixels: [UInt8](repeating: 7, count: 32 * 24 * 3)))
        let condition: GenerationRequest.Condition? =
            switch task {
            case .v2a: .clips([[picture, picture]])
            case .i2a: .image(picture)
            case .a2v, .a2i: .audio(try randn(1, [16_000]).floats(), clips: 1)
            case .joint, .mm: nil
            }
        // One caption is missing, so that there is a mask.
        let requests = ["rain", task == .joint ? "a dog" : nil].enumerated().map { index, caption in
            GenerationRequest(caption: caption, negativePrompt: "", condition: condition, seed: UInt64(index))
        }
        let watch = Watch()
        _ = try pipeline.generate(requests, Self.settings(task, guidance), observer: watch)
        let last = try #require(watch.counts.last)
        #expect(watch.counts.count >= 9 && watch.counts.allSatisfy { $0 == last }, "\(watch.counts)")
        #expect(TorchRuntime.hostTransfers > last, "the end of a run reads what was made")
    }
}
