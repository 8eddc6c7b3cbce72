/// A set of defaults: the only place where a setting of the method has one.
///
/// Source: paper, "Implementation details" (steps, λ1); official V2A code (everything else of `official`); diffusers'
/// recipe for AnimateDiff (linear betas, timesteps from end to end). λ2 of the visual tasks is stated by neither and is
/// our choice.
package enum Preset: String, Codable, Sendable, CaseIterable {
    /// What the released code does.
    case official
    /// What the paper prints.
    case paper

    /// All settings of a task.
    package func settings(for task: GenerationTask) -> TaskSettings {
        TaskSettings(
            sampling: sampling(for: task), guidance: .aligner(aligner(for: task)), members: members(of: task))
    }

    /// The aligner's settings, also where a job turns it off first and on again later.
    package func aligner(for task: GenerationTask) -> AlignerSettings {
        let optimizer: AlignerSettings.Optimizer = self == .official ? .adam : .sgd
        return AlignerSettings(
            optimizer: optimizer,
            learningRate: PerModality(audio: 0.1, video: 0.01),
            promptLearningRate: PerModality(audio: 0, video: task.makesFrames ? 0.01 : 0),
            promptOptimizer: optimizer,
            promptState: .fresh,
            innerSteps: 1,
            window: self == .official ? .officialStart : .paperBelow,
            every: 1,
            x0Pairing: self == .official ? .official : .paper,
            textTerm: true)
    }

    private func sampling(for task: GenerationTask) -> SamplingSettings {
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
        task.members.filter { $0 != .wav && $0 != .jpg }.sorted()
    }
}
