internal import Coordinator
internal import Engine
internal import Torch

extension Job {
    /// The settings of the audio pipeline for samples of a length.
    func audioSettings(seconds: Double) -> AudioSettings {
        AudioSettings(
            seconds: seconds, steps: sampling.steps, scale: sampling.cfgScale.audio, eta: sampling.eta,
            guidance: guidanceOptions, textTerm: usesTextTerm, clips: binder.clips(in: seconds),
            clipSettings: BinderClipSettings(
                clipSeconds: binder.clipDuration, framesPerClip: binder.framesPerClip,
                spectrogramFrames: binder.targetLength, mean: binder.audioMean, deviation: binder.audioStd))
    }

    private var usesTextTerm: Bool {
        if case .aligner(let aligner) = guidance { aligner.textTerm } else { false }
    }

    private var guidanceOptions: GuidanceOptions? {
        guard case .aligner(let aligner) = guidance else { return nil }
        return GuidanceOptions(
            learningRates: [.audio: aligner.learningRate.audio, .vision: aligner.learningRate.video],
            promptLearningRates: [.audio: aligner.promptLearningRate, .vision: aligner.promptLearningRate],
            optimizer: aligner.optimizer == .adam ? .adam : .gradientDescent,
            promptOptimizer: aligner.optimizer == .adam ? .adam : .gradientDescent,
            window: aligner.window.engine, pairing: aligner.x0Pairing == .official ? .official : .paper,
            innerSteps: aligner.innerSteps, every: aligner.every)
    }
}

extension Guidance.Window {
    fileprivate var engine: GuidanceOptions.Window {
        switch self {
        case .start(let fraction): .afterFraction(fraction)
        case .below(let timestep): .belowTimestep(timestep)
        }
    }
}

extension Job.Precision {
    /// Of weights and activations.
    var dtype: DType {
        switch self {
        case .fp32: .float32
        case .bf16: .bfloat16
        case .fp16: .float16
        }
    }
}
