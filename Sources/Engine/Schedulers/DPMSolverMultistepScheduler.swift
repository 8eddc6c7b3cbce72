internal import Foundation
internal import Method
package import Networks
package import Torch

/// DPM-Solver++ of order 1 to 3: a multistep method on the ODE of the clean prediction, or on its SDE.
///
/// Source: diffusers `schedulers/scheduling_dpmsolver_multistep.py`; Lu et al. 2022 (arXiv 2211.01095), eq. 9–12.
package struct DPMSolverMultistepScheduler: OnePredictionScheduler {
    package let timesteps: [Double]
    package let predictionType: PredictionType
    package let drawsNoise: Bool
    /// `σ` at each step, and behind the last.
    private let sigmas: [Double]
    private let order: Int
    private let solver: DPMSolverUpdate.Solver
    /// The order of the last step, and of the one before it, where they are limited.
    private let finalLimits: (last: Int?, beforeLast: Int?)

    private enum Algorithm: String, CaseIterable {
        case ordinary = "dpmsolver++"
        case stochastic = "sde-dpmsolver++"
    }

    /// - Parameter steps: of the run; between 1 and the training schedule's length.
    /// - Throws: ``ConfigurationError``.
    package init(_ c: SchedulerConfiguration, steps: Int) throws(ConfigurationError) {
        let model = "DPMSolverMultistepScheduler"
        let schedule = try NoiseSchedule(c, steps: steps, model: model)
        try c.refuse(
            [
                .thresholding: c.thresholding, .useExponentialSigmas: c.useExponentialSigmas,
                .useBetaSigmas: c.useBetaSigmas, .useFlowSigmas: c.useFlowSigmas, .useLuLambdas: c.useLuLambdas,
                .useDynamicShifting: c.useDynamicShifting,
            ], model: model)
        if let learned = c.variance {
            throw ConfigurationError(model, "variance_type", found: learned, expected: "null")
        }
        predictionType = try SchedulerConfiguration.choice(
            c.predictionType, .predictionType, default: .epsilon, model: model)
        // DEIS and UniPC share their configurations with this class; diffusers reads their solvers as its own defaults.
        let algorithm = try SchedulerConfiguration.choice(
            c.algorithm == "deis" ? nil : c.algorithm, .algorithm, default: Algorithm.ordinary, model: model)
        let isOthers = ["logrho", "bh1", "bh2"].contains(c.solverType)
        solver = try SchedulerConfiguration.choice(
            isOthers ? nil : c.solverType, .solverType, default: .midpoint, model: model)
        drawsNoise = algorithm == .stochastic
        order = c.solverOrder ?? 2
        // The third order of the SDE is left out: diffusers' last term of it is not the series' (its ½ has another sign).
        guard (1...(drawsNoise ? 2 : 3)).contains(order) else {
            throw ConfigurationError(
                model, "solver_order", found: "\(order)", expected: drawsNoise ? "1 or 2 for the SDE" : "1, 2 or 3")
        }
        let visited = try Self.visited(c, schedule, steps, model)
        timesteps = visited.timesteps
        sigmas = try visited.levels(withFinal: c, schedule, model: model)
        let isShort = c.lowerOrderFinal ?? true && timesteps.count < 15
        finalLimits = (
            isShort || c.eulerAtFinal ?? false || sigmas[timesteps.count] == 0 ? 1 : nil, isShort ? 2 : nil
        )
    }

    private static func visited(
        _ c: SchedulerConfiguration, _ schedule: NoiseSchedule, _ steps: Int, _ model: String
    ) throws(ConfigurationError) -> RunSigmas {
        let trained = schedule.alphasCumprod.count
        // λ = log(√ᾱ / √(1 − ᾱ)) falls from the first timestep to the last: those below the limit are not visited.
        let limit = Float(c.lambdaMinClipped ?? -.infinity)
        let used = schedule.alphasCumprod.count { logf($0.squareRoot()) - logf((1 - $0).squareRoot()) >= limit }
        guard used > 0 else {
            throw ConfigurationError(
                model, "lambda_min_clipped", found: "\(limit)", expected: "a number that some timestep reaches")
        }
        let spread: [Double]
        // One point more than steps where 0 is one of them: it is where the final step leads.
        switch try SchedulerConfiguration.choice(
            c.timestepSpacing, .timestepSpacing, default: TimestepSpacing.linspace, model: model)
        {
        case .leading:
            let points = TimestepSpacing.leading(steps + 1, gap: used / (steps + 1), offset: c.stepsOffset ?? 0)
            spread = points.dropLast()
        case .linspace:
            let points = TimestepSpacing.linspace(steps + 1, last: used - 1)
            spread = points.dropLast().map { $0.rounded(.toNearestOrEven) }
        case .trailing: spread = TimestepSpacing.trailing(steps, first: used, trained: trained)
        }
        let timesteps = try schedule.checked(spread)
        guard c.useKarrasSigmas ?? false else {
            return RunSigmas(timesteps: timesteps, levels: schedule.sigmas(at: timesteps))
        }
        let all = schedule.sigmas.reversed().map(Double.init)
        let karras = try RunSigmas.karras(c, schedule, from: all, steps: steps, model: model)
        return RunSigmas(
            timesteps: karras.timesteps.map { $0.rounded(.toNearestOrEven) }, levels: karras.levels)
    }

    package func level(at step: Int) -> NoiseLevel { NoiseLevel(sigma: sigmas[step]) }

    package func level(after step: Int) -> NoiseLevel { NoiseLevel(sigma: sigmas[step + 1]) }

    package func step(
        _ step: Int, noise: Tensor, latent: Tensor, history: inout SchedulerHistory, fresh: Tensor?
    ) throws(TorchError) -> Tensor {
        history.add(try predictClean(latent, noise: noise, at: level(at: step)), order: order)
        var order = history.clean.count
        if step == timesteps.count - 1 { order = min(order, finalLimits.last ?? order) }
        if step == timesteps.count - 2 { order = min(order, finalLimits.beforeLast ?? order) }
        let first = max(step + 1 - order, 0)
        let update = DPMSolverUpdate(
            sigmas: sigmas[first...step + 1].reversed(), solver: solver, isStochastic: drawsNoise)
        var next = try latent * update.latent
        for (clean, weight) in zip(history.clean, update.clean) { next = try next.adding(clean, scaledBy: weight) }
        guard drawsNoise else { return next }
        return try next.adding(required(fresh), scaledBy: update.fresh)
    }
}
