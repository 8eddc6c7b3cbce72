/// How the diffusion model of one modality is sampled.
package struct SamplerSettings: Sendable, Equatable {
    /// Scale of classifier-free guidance; 1 turns it off.
    package var cfgScale: Double
    /// What takes the steps.
    package var scheduler: SchedulerName
    /// How the betas of the training schedule grow; nil: as the model's `scheduler_config.json` says, `model` in a job file.
    package var betaSchedule: BetaSchedule?
    /// Where the steps lie; nil as for the betas.
    package var timestepSpacing: TimestepSpacing?

    package init(
        cfgScale: Double, scheduler: SchedulerName, betaSchedule: BetaSchedule?, timestepSpacing: TimestepSpacing?
    ) {
        self.cfgScale = cfgScale
        self.scheduler = scheduler
        self.betaSchedule = betaSchedule
        self.timestepSpacing = timestepSpacing
    }
}

/// What takes the sampler's steps; named as users of diffusers know them.
package enum SchedulerName: String, Codable, Sendable, CaseIterable {
    /// `DDIMScheduler`.
    case ddim
    /// `DPMSolverMultistepScheduler`, second order, midpoint.
    case dpmSolver = "dpmsolver++"
    /// `EulerDiscreteScheduler`.
    case euler
}

/// How the betas of the training schedule grow, by diffusers' names.
package enum BetaSchedule: String, Codable, Sendable, CaseIterable {
    case linear
    case scaledLinear = "scaled_linear"
}
