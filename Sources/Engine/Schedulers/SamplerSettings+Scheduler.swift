package import Method
package import Networks

extension SamplerSettings {
    /// The scheduler of a run.
    ///
    /// - Parameters:
    ///   - configuration: of the model's folder, written by whatever class.
    ///   - sampling: its steps, between 1 and the training schedule's length; its η, which only DDIM has; whether sigmas
    ///     are spaced as Karras et al. do, which DDIM, without sigmas, passes over.
    /// - Throws: ``ConfigurationError`` that names the field.
    package func scheduler(
        _ configuration: SchedulerConfiguration, _ sampling: SamplingSettings
    ) throws(ConfigurationError) -> any OnePredictionScheduler {
        var configuration = configuration
        configuration.betaSchedule = betaSchedule?.rawValue ?? configuration.betaSchedule
        configuration.timestepSpacing = timestepSpacing?.rawValue ?? configuration.timestepSpacing
        if sampling.karrasSigmas { configuration.useKarrasSigmas = true }
        switch scheduler {
        case .ddim: return try DDIMScheduler(configuration, steps: sampling.steps, eta: sampling.eta)
        case .dpmSolver:
            try refuse(sampling.eta, "DPMSolverMultistepScheduler")
            return try DPMSolverMultistepScheduler(configuration, steps: sampling.steps)
        case .euler:
            try refuse(sampling.eta, "EulerDiscreteScheduler")
            return try EulerDiscreteScheduler(configuration, steps: sampling.steps)
        }
    }

    private func refuse(_ eta: Double, _ model: String) throws(ConfigurationError) {
        guard eta == 0 else {
            throw ConfigurationError(model, "eta", found: "\(eta)", expected: "0, or the scheduler ddim")
        }
    }
}
