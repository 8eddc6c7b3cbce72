package import Method
package import Networks

extension CoupledSampling {
    /// The scheduler of a run.
    ///
    /// - Parameters:
    ///   - steps: how often the network is asked; of `dpm_solver++adaptive` nothing.
    ///   - eta: η, which `ddim` alone has.
    /// - Throws: ``ConfigurationError`` that names the field.
    package func scheduler(steps: Int, eta: Double = 0) throws(ConfigurationError) -> any LatentScheduler {
        guard eta == 0 || scheduler == .ddim else {
            throw ConfigurationError(
                "MM-Diffusion", "eta", found: "\(eta)", expected: "0, or the scheduler ddim")
        }
        switch scheduler {
        case .ddpm: return try GaussianDiffusionScheduler(.ddpm, steps: steps)
        case .ddim: return try GaussianDiffusionScheduler(.ddim(eta: eta), steps: steps)
        case .dpmSolver, .dpmSolverPlusPlus:
            return try DPMSolverSinglestepScheduler(scheduler, predictions: steps)
        case .adaptive: return DPMSolverAdaptiveScheduler()
        }
    }
}
