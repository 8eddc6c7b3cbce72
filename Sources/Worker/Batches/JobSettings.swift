internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Torch

extension Job {
    /// The frames of a generated video, from which its length, the length of its sound and the clips that the binder
    /// sees and hears all follow; nil for tasks that make no video.
    func timeline(of sample: PlannedSample) -> Timeline? {
        guard sample.task.makesVideo, let frames = sample.frames else { return nil }
        let rate = Fraction(asWritten: settings(for: sample.task).sampling.fps) ?? 8
        return Timeline(frames: frames, rate: rate)
    }

    /// The pipeline's settings for a sample. Samples with equal settings can be computed together.
    func generationSettings(for sample: PlannedSample) -> GenerationSettings {
        let task = settings(for: sample.task)
        let sampling = task.sampling
        let timeline = timeline(of: sample)
        let seconds = timeline?.duration ?? sample.durationSeconds
        let clips = binder.clips(in: seconds)
        let rate = GenerationPipeline.samplingRate
        return GenerationSettings(
            sound: sample.task.makesAudio
                ? GenerationSettings.Sound(
                    // A video's sound may not end before it: hundredths, the frames of a spectrogram, are rounded up.
                    seconds: timeline == nil ? seconds : (seconds * 100).rounded(.up) / 100,
                    samples: timeline?.samples(rate: rate) ?? Int(seconds * Double(rate)), clips: clips,
                    scale: sampling.cfgScale.audio, scheduler: sampling.choice(\.audio, \.audio, \.audio)) : nil,
            pictures: sample.task.makesPictures
                ? GenerationSettings.Pictures(
                    width: sampling.width, height: sampling.height, frames: timeline?.frames,
                    clips: timeline?.frames(
                        ofClips: clips, clipSeconds: binder.clipDuration, perClip: binder.framesPerClip) ?? [],
                    scale: sampling.cfgScale.video, scheduler: sampling.choice(\.video, \.video, \.video)) : nil,
            steps: sampling.steps, eta: sampling.eta, guidance: task.guidance.engine,
            textTerm: task.guidance.usesTextTerm,
            clipSettings: BinderClipSettings(
                clipSeconds: binder.clipDuration, framesPerClip: binder.framesPerClip,
                spectrogramFrames: binder.targetLength, mean: binder.audioMean, deviation: binder.audioStd),
            memory: memory.engine)
    }
}

extension Guidance {
    fileprivate var usesTextTerm: Bool {
        if case .aligner(let aligner) = self { aligner.textTerm } else { false }
    }

    fileprivate var engine: GuidanceOptions? {
        guard case .aligner(let aligner) = self else { return nil }
        return GuidanceOptions(
            learningRates: aligner.learningRate.byModality,
            promptLearningRates: aligner.promptLearningRate.byModality,
            optimizer: aligner.optimizer.engine, promptOptimizer: aligner.promptOptimizer.engine,
            promptState: aligner.promptState == .fresh ? .fresh : .persistent, window: aligner.window.engine,
            pairing: aligner.x0Pairing == .official ? .official : .paper,
            innerSteps: aligner.innerSteps, every: aligner.every)
    }
}

extension PerModality<Double> {
    fileprivate var byModality: [Modality: Double] { [.audio: audio, .vision: video] }
}

extension Job.Sampling {
    /// The scheduler of one modality.
    fileprivate func choice(
        _ name: KeyPath<PerModality<Job.Scheduler>, Job.Scheduler>,
        _ betas: KeyPath<PerModality<Job.BetaSchedule>, Job.BetaSchedule>,
        _ spacing: KeyPath<PerModality<Job.TimestepSpacing>, Job.TimestepSpacing>
    ) -> SchedulerChoice {
        let (betas, spacing) = (betaSchedule[keyPath: betas], timestepSpacing[keyPath: spacing])
        let name = scheduler[keyPath: name]
        return SchedulerChoice(
            name.engine, betaSchedule: betas == .model ? nil : betas.rawValue,
            timestepSpacing: spacing == .model ? nil : spacing.rawValue,
            karras: karrasSigmas && name != .ddim ? true : nil)
    }
}

extension Job.Scheduler {
    fileprivate var engine: SchedulerChoice.Name {
        switch self {
        case .ddim: .ddim
        case .dpmSolver: .dpmSolver
        case .euler: .euler
        }
    }
}

extension Guidance.Optimizer {
    fileprivate var engine: GuidanceOptions.Optimizer { self == .adam ? .adam : .gradientDescent }
}

extension Guidance.Window {
    fileprivate var engine: GuidanceOptions.Window {
        switch self {
        case .start(let fraction): .afterFraction(fraction)
        case .below(let timestep): .belowTimestep(timestep)
        }
    }
}

extension Job.Memory {
    fileprivate var engine: MemoryPolicy {
        switch self {
        case .low: .low
        case .auto: .auto
        case .high: .high
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
