/// Which scheduler makes a run's steps, and what it takes from elsewhere than the model's folder.
package struct SchedulerChoice: Sendable, Hashable {
    /// The schedulers, by the job file's names.
    package enum Name: String, Sendable, CaseIterable {
        case ddim
        case dpmSolver = "dpmsolver++"
        case euler
    }

    package var name: Name
    /// In place of the folder's `beta_schedule`, such as `linear` for AnimateDiff; nil keeps that.
    package var betaSchedule: String?
    /// In place of the folder's `timestep_spacing`; nil keeps that.
    package var timestepSpacing: String?
    /// In place of the folder's `use_karras_sigmas`; nil keeps that.
    package var karras: Bool?

    package init(
        _ name: Name = .ddim, betaSchedule: String? = nil, timestepSpacing: String? = nil, karras: Bool? = nil
    ) {
        self.name = name
        self.betaSchedule = betaSchedule
        self.timestepSpacing = timestepSpacing
        self.karras = karras
    }

    /// The scheduler of a run.
    ///
    /// - Parameters:
    ///   - configuration: of the model's folder, written by whatever class.
    ///   - steps: of the run; between 1 and the training schedule's length.
    ///   - eta: η; only DDIM has one.
    /// - Throws: ``ConfigurationError`` that names the field.
    package func scheduler(
        _ configuration: SchedulerConfiguration, steps: Int, eta: Double
    ) throws(ConfigurationError) -> any LatentScheduler {
        var configuration = configuration
        configuration.betaSchedule = betaSchedule ?? configuration.betaSchedule
        configuration.timestepSpacing = timestepSpacing ?? configuration.timestepSpacing
        configuration.useKarrasSigmas = karras ?? configuration.useKarrasSigmas
        switch name {
        case .ddim:
            // A folder's own field is another class's business; what was asked for is not.
            if karras == true {
                throw ConfigurationError(
                    "DDIMScheduler", "use_karras_sigmas", found: "true",
                    expected: "false, or the scheduler dpmsolver++ or euler")
            }
            return try DDIMScheduler(configuration, steps: steps, eta: eta)
        case .dpmSolver:
            try refuse(eta, "DPMSolverMultistepScheduler")
            return try DPMSolverMultistepScheduler(configuration, steps: steps)
        case .euler:
            try refuse(eta, "EulerDiscreteScheduler")
            return try EulerDiscreteScheduler(configuration, steps: steps)
        }
    }

    private func refuse(_ eta: Double, _ model: String) throws(ConfigurationError) {
        guard eta == 0 else {
            throw ConfigurationError(model, "eta", found: "\(eta)", expected: "0, or the scheduler ddim")
        }
    }
}
