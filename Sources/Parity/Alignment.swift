package import Engine
package import Method
package import Networks
package import Torch

/// Runs of streams that have one modality and a prompt each, guided by the aligner or not.
package struct Alignment {
    /// nil: the plain pipeline.
    package var guidance: AlignerSettings?
    package var terms: [AlignmentTerm]
    /// Embeddings `[B, width]`.
    package var conditions: [Modality: Tensor]

    package init(guidance: AlignerSettings?, terms: [AlignmentTerm], conditions: [Modality: Tensor]) {
        self.guidance = guidance
        self.terms = terms
        self.conditions = conditions
    }

    /// What a run leaves.
    package struct Outcome {
        /// The final latent of each stream.
        package let latents: [Tensor]
        /// For each sample the loss of every update.
        package let losses: [[Double]]
    }

    /// Runs all steps.
    package func denoise(
        _ streams: [DiffusionStream], latents: [Tensor], prompts: [Tensor], observer: (any SamplerObserver)? = nil
    ) throws -> Outcome {
        let outcome = try Sampler(
            streams, guides: guidance.map { [try Aligner($0, terms: terms, conditions: conditions)] } ?? []
        ).run(latents: latents.map { [$0] }, prompts: prompts, observer: observer)
        return Outcome(latents: outcome.latents.flatMap { $0 }, losses: outcome.losses)
    }
}

extension AlignerSettings {
    /// Settings with rates by modality; the rest is the released code's.
    package init(
        learningRates: [Modality: Double], promptLearningRates: [Modality: Double] = [:], optimizer: Optimizer = .adam,
        promptOptimizer: Optimizer = .adam, promptState: PromptState = .fresh, window: GuidanceWindow = .start(0.2),
        pairing: X0Pairing = .official, innerSteps: Int = 1, every: Int = 1
    ) {
        self.init(
            optimizer: optimizer, learningRate: Self.rates(learningRates),
            promptLearningRate: Self.rates(promptLearningRates), promptOptimizer: promptOptimizer,
            promptState: promptState, innerSteps: innerSteps, window: window, every: every, x0Pairing: pairing,
            textTerm: true)
    }

    /// λ2 by modality.
    package var promptLearningRates: [Modality: Double] {
        get { [.audio: promptLearningRate.audio, .video: promptLearningRate.video] }
        set { promptLearningRate = Self.rates(newValue) }
    }

    private static func rates(_ rates: [Modality: Double]) -> PerModality<Double> {
        PerModality(audio: rates[.audio] ?? 0, video: rates[.video] ?? 0)
    }
}

extension SamplerSettings {
    /// A scheduler's settings alone.
    package init(
        _ scheduler: SchedulerName = .ddim, betaSchedule: BetaSchedule? = nil, timestepSpacing: TimestepSpacing? = nil
    ) {
        self.init(cfgScale: 1, scheduler: scheduler, betaSchedule: betaSchedule, timestepSpacing: timestepSpacing)
    }

    /// The scheduler of a run.
    package func scheduler(
        _ configuration: SchedulerConfiguration, steps: Int, eta: Double = 0, karras: Bool = false
    ) throws(ConfigurationError) -> any OnePredictionScheduler {
        try scheduler(
            configuration, SamplingSettings(steps: steps, eta: eta, karrasSigmas: karras, maxDuration: 30))
    }
}
