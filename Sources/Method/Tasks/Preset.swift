/// A set of defaults: the only place where a setting of the method has one.
///
/// Source: paper, "Implementation details" (steps, λ1); official V2A code (everything else of `official`); diffusers'
/// recipe for AnimateDiff (linear betas, timesteps from end to end). λ2 of the visual tasks is stated by neither and is
/// our choice. The numbers of `search`, `guided` and `both` were found on the toy world: `docs/guidance.md`.
package enum Preset: String, Codable, Sendable, CaseIterable {
    /// What the released code does.
    case official
    /// What the paper prints.
    case paper
    /// Words that the binder finds, and a choice among beginnings; no gradients.
    case search
    /// Gradients in the predicted noise, with time travel; no words.
    case guided
    /// Words, and gradients in the predicted noise.
    case both

    /// All settings of a task.
    package func settings(for task: GenerationTask) -> TaskSettings {
        TaskSettings(
            sampling: sampling(for: task), guidance: guidance(for: task), members: members(of: task))
    }

    private func guidance(for task: GenerationTask) -> Guidance {
        let words = Self.words
        // What the paper has no part for stays away where a task makes one modality.
        let joint =
            task == .joint ? JointSettings(order: .inTurn, definite: self == .guided ? nil : 0.05) : .together
        if task.isCoupled { return coupledGuidance }
        switch self {
        case .official, .paper: return .aligner(aligner(for: task))
        case .search:
            var beginnings = BeginningSettings.one
            // A video's beginnings did not pay: what the binder sees at these steps does not tell yet when things happen.
            beginnings.particles = PerModality(
                audio: task.makesAudio ? 16 : 1, video: task.makesImage ? 16 : 1)
            beginnings.rounds = [.init(at: 0.1, keep: 4), .init(at: 0.3, keep: 1)]
            return Guidance(words: words, beginnings: beginnings, joint: joint, hearing: .spectrogram)
        case .guided:
            return Guidance(gradient: .noise(noise(for: task)), joint: joint, hearing: .spectrogram)
        case .both:
            return Guidance(gradient: .noise(noise(for: task)), words: words, joint: joint, hearing: .spectrogram)
        }
    }

    /// Of a task without prompts: nothing is there to find words for, and no caption to trust.
    private var coupledGuidance: Guidance {
        switch self {
        case .official, .paper: return .aligner(aligner(for: .mm))
        case .search:
            var beginnings = BeginningSettings.one
            beginnings.particles = PerModality(audio: 8, video: 8)
            beginnings.rounds = [.init(at: 0.1, keep: 4), .init(at: 0.3, keep: 1)]
            return Guidance(beginnings: beginnings)
        case .guided, .both: return Guidance(gradient: .noise(noise(for: .mm)))
        }
    }

    /// The settings of words, also where a job asks for them under a preset that has none.
    package static let words = WordSettings(temperature: 0.03)

    /// The settings of guidance in the predicted noise, also where a job asks for it under another preset.
    package func noise(for task: GenerationTask) -> NoiseGuidanceSettings {
        let part = self == .both ? 0.3 : 0.4
        // Beside words, and without captions, there is none to follow or to trust.
        let follows = self != .both && !task.isCoupled
        return NoiseGuidanceSettings(
            strength: 0.3, until: part, travel: 4, travelUntil: part, through: .clean,
            textTerm: follows ? .trust : .off, trustBelow: follows ? 0.2 : 0)
    }

    /// The aligner's settings, also where a job turns it off first and on again later.
    package func aligner(for task: GenerationTask) -> AlignerSettings {
        let isPaper = self == .paper
        let optimizer: AlignerSettings.Optimizer = isPaper ? .sgd : .adam
        return AlignerSettings(
            optimizer: optimizer,
            learningRate: PerModality(audio: 0.1, video: 0.01),
            promptLearningRate: PerModality(audio: 0, video: task.makesFrames && !task.isCoupled ? 0.01 : 0),
            promptOptimizer: optimizer,
            promptState: .fresh,
            innerSteps: 1,
            window: isPaper ? .paperBelow : .officialStart,
            every: 1,
            x0Pairing: isPaper ? .paper : .official,
            textTerm: !task.isCoupled)
    }

    private func sampling(for task: GenerationTask) -> SamplingSettings {
        if task.isCoupled {
            // The official sampling script's; guides in the noise need a scheduler that asks once a step.
            let scheduler: CoupledSampling.Scheduler =
                switch self {
                case .official, .paper: .dpmSolver
                case .search, .guided, .both: .ddim
                }
            var sampling = SamplingSettings(
                steps: scheduler.usualSteps, eta: 0, karrasSigmas: false, maxDuration: 30)
            sampling.coupled = CoupledSampling(scheduler: scheduler)
            return sampling
        }
        let sampler = SamplerSettings(cfgScale: 2.5, scheduler: .ddim, betaSchedule: nil, timestepSpacing: nil)
        var sampling = SamplingSettings(steps: task.makesFrames ? 25 : 30, eta: 0, karrasSigmas: false, maxDuration: 30)
        if task.makesAudio {
            sampling.audio = AudioSampling(
                sampler: sampler,
                duration: task.makesVideo ? nil : task.inputKinds == [.video] ? .source : .seconds(10))
        }
        if task.makesFrames {
            var video = VideoSampling(sampler: sampler, width: 512, height: 512)
            video.sampler.cfgScale = 7.5
            if task.makesVideo {
                video.sampler.betaSchedule = .linear
                video.sampler.timestepSpacing = .linspace
                video.length = VideoLength(frames: 16, fps: 8)
            }
            sampling.video = video
        }
        return sampling
    }

    /// The members that a job keeps where it names none.
    private func members(of task: GenerationTask) -> [Member] {
        // What is its own latent need not be kept twice.
        task.members.filter { member in
            member != .wav && member != .jpg
                && !(task.isCoupled && (member == .audioLatent || member == .videoLatent))
        }.sorted()
    }
}
