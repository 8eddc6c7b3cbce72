internal import Foundation
internal import Method
package import Networks
package import Torch

/// Euler's method on the probability-flow ODE in `x = z √(σ² + 1)`, where `dx/dσ = ε̂`.
///
/// Source: diffusers `schedulers/scheduling_euler_discrete.py` without its stochasticity; Karras et al. 2022, algorithm
/// 2. There the latent of a run is `x`, and the network is given `x / √(σ² + 1)`: the `z` that all schedulers keep here.
package struct EulerDiscreteScheduler: OnePredictionScheduler {
    package let timesteps: [Double]
    package let predictionType: PredictionType
    package let initialScale: Double
    /// `σ` at each step, and behind the last.
    private let sigmas: [Double]

    /// - Parameter steps: of the run; between 1 and the training schedule's length.
    /// - Throws: ``ConfigurationError``.
    package init(_ c: SchedulerConfiguration, steps: Int) throws(ConfigurationError) {
        let model = "EulerDiscreteScheduler"
        let schedule = try NoiseSchedule(c, steps: steps, model: model)
        try c.refuse([.useExponentialSigmas: c.useExponentialSigmas, .useBetaSigmas: c.useBetaSigmas], model: model)
        if let type = c.interpolation, type != "linear" {
            throw ConfigurationError(model, "interpolation_type", found: type, expected: "linear")
        }
        if let type = c.timestepType, type != "discrete" {
            throw ConfigurationError(model, "timestep_type", found: type, expected: "discrete")
        }
        predictionType = try SchedulerConfiguration.choice(
            c.predictionType, .predictionType, default: .epsilon, model: model)
        let spacing = try SchedulerConfiguration.choice(
            c.timestepSpacing, .timestepSpacing, default: TimestepSpacing.linspace, model: model)
        let trained = schedule.alphasCumprod.count
        let spread =
            switch spacing {
            case .leading: TimestepSpacing.leading(steps, gap: trained / steps, offset: c.stepsOffset ?? 0)
            case .linspace: TimestepSpacing.linspace(steps, last: trained - 1).map { Double(Float($0)) }
            case .trailing: TimestepSpacing.trailing(steps, first: trained, trained: trained)
            }
        let visited = RunSigmas(timesteps: try schedule.checked(spread), levels: schedule.sigmas(at: spread))
        let run =
            c.useKarrasSigmas ?? false
            ? try RunSigmas.karras(c, schedule, from: visited.levels, steps: steps, model: model) : visited
        timesteps = run.timesteps.map { Double(Float($0)) }
        sigmas = try run.levels(withFinal: c, schedule, model: model)
        let highest = sigmas.max() ?? 0
        // diffusers begins with x = σ · noise where the first timestep is the last of training.
        initialScale = spacing == .leading ? 1 : highest / (highest * highest + 1).squareRoot()
    }

    package var drawsNoise: Bool { false }

    package func level(at step: Int) -> NoiseLevel { NoiseLevel(sigma: sigmas[step]) }

    package func level(after step: Int) -> NoiseLevel { NoiseLevel(sigma: sigmas[step + 1]) }

    /// `x ← x + (σ_next − σ) ε̂`; the history stays as it is.
    package func step(
        _ step: Int, noise: Tensor, latent: Tensor, history: inout SchedulerHistory, fresh: Tensor?
    ) throws(TorchError) -> Tensor {
        let (now, next) = (level(at: step), level(after: step))
        return try (latent * (next.signal / now.signal))
            .adding(noise, scaledBy: (sigmas[step + 1] - sigmas[step]) * next.signal)
    }
}
