internal import ClipSampling
package import Engine
package import Goldens
internal import Method
internal import Torch

/// A run by plain descent from caption, condition and seed alone, forced nowhere: tokens, noise and everything after them. The traces
/// `v2a_free` and `a2v_free` hold what the reference made.
package enum FreeRun: String, Sendable, CaseIterable {
    /// Audio for a video.
    case sound = "v2a_free"
    /// A video for audio.
    case film = "a2v_free"

    /// How the samples are made: two seconds in eight steps, six of them guided.
    package var settings: GenerationSettings {
        let task = self == .sound ? GenerationTask.v2a : .a2v
        var sampling = Preset.paper.settings(for: task).sampling
        sampling.steps = 8
        sampling.video?.width = 64
        sampling.video?.height = 64
        sampling.video?.length = VideoLength(frames: 8, fps: 4)
        let rates: [Modality: Double] = self == .sound ? [.audio: 5] : [.video: 50]
        return GenerationSettings(
            sampling: sampling,
            guidance: .aligner(
                AlignerSettings(learningRates: rates, optimizer: .sgd, window: .start(0.2), pairing: .paper)),
            clips: .imageBind, memory: .auto, extent: SampleExtent(duration: 2, frames: self == .sound ? nil : 8))
    }

    /// The sample of the trace, or one like it from another seed and caption.
    package func request(
        _ data: GoldenData, seed: UInt64 = 100, caption: String = "a dog barking in the rain"
    ) throws -> GenerationRequest {
        let condition: GenerationRequest.Condition =
            self == .sound
            ? .clips(try data.trace(rawValue).clips()) : .audio(try data.sound().floats(), clips: 2)
        return GenerationRequest(caption: caption, negativePrompt: "", condition: condition, seed: seed)
    }

    /// What makes them.
    package func pipeline(_ models: ParityModels) throws -> GenerationPipeline {
        GenerationPipeline(
            audio: self == .sound ? try models.audio : nil, video: self == .film ? try models.video : nil,
            binder: try models.binder)
    }

    /// How far the end may be from the reference's, in single precision.
    package var tolerance: Double { self == .sound ? StageTolerance.freeSound : StageTolerance.freePixels }

    /// How far a result for ``request(_:seed:caption:)`` is from what the reference made, as relative rms.
    package func difference(_ result: GenerationResult, _ data: GoldenData) throws -> Double {
        let golden = try data.trace(rawValue).tensors
        switch self {
        case .sound:
            guard let wave = result.audio?.waveform else { return .infinity }
            return try golden.relativeDifference("final.audio.wave", Tensor(wave, shape: [1, wave.count]))
        case .film:
            guard let frames = result.video?.frames, let first = frames.first else { return .infinity }
            let bytes = try Tensor(frames.flatMap(\.pixels), shape: [frames.count, first.height, first.width, 3])
            let pixels = try bytes.to(.float32).permute([0, 3, 1, 2]) * (1 / 255)
            return try golden.relativeDifference("final.vision.pixels", pixels)
        }
    }
}
