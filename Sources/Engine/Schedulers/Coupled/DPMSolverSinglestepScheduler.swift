package import Method
package import Networks
package import Torch

/// DPM-Solver of the third order in single steps: each asks the network up to three times, at points evenly spread in λ.
///
/// Source: as ``ExponentialUpdate``; the official sampling script with 20 predictions, and MMDisCo's use of it.
package struct DPMSolverSinglestepScheduler: LatentScheduler {
    package let timesteps: [Double]
    private let update: ExponentialUpdate
    /// Where each step begins, the inner points in parts of its length, and where it leads.
    private let steps: [(start: Float, ratios: [Float], end: Float)]

    package var predictionType: PredictionType { .epsilon }
    package var drawsNoise: Bool { false }

    /// - Parameters:
    ///   - scheduler: `dpm_solver` or `dpm_solver++`.
    ///   - predictions: how often the network is asked in all, 1 to 1000.
    /// - Throws: ``ConfigurationError``.
    package init(_ scheduler: CoupledSampling.Scheduler, predictions: Int) throws(ConfigurationError) {
        guard (1...LinearBetas.trained).contains(predictions) else {
            throw ConfigurationError(
                "DPM_Solver", "steps", found: "\(predictions)",
                expected: "a number between 1 and \(LinearBetas.trained)")
        }
        let schedule = ContinuousSchedule()
        update = ExponentialUpdate(
            schedule: schedule, quantity: scheduler == .dpmSolver ? .noise : .thresholdedClean)
        let (first, last) = (schedule.lambda(ContinuousSchedule.start), schedule.lambda(ContinuousSchedule.end))
        let times = NoiseSchedule.linspace(Double(first), Double(last), predictions + 1).map(schedule.time)
        var place = 0
        steps = scheduler.orders(predictions).map { order in
            defer { place += order }
            let (s, t) = (times[place], times[place + order])
            let start = schedule.lambda(s)
            let h = schedule.lambda(t) - start
            return (s, (1..<order).map { (schedule.lambda(times[place + $0]) - start) / h }, t)
        }
        timesteps = steps.map { schedule.timestep($0.start) }
    }

    package func level(at step: Int) -> NoiseLevel { update.schedule.level(steps[step].start) }

    package func level(after step: Int) -> NoiseLevel { update.schedule.level(steps[step].end) }

    package func noise(from output: Tensor, latent: Tensor, step: Int) throws(TorchError) -> Tensor {
        try update.quantity(latent, noise: output, at: level(at: step)).noise
    }

    /// The histories stay as they are.
    package func step(
        _ step: Int, noise: [Tensor], latents: [Tensor], histories: inout [SchedulerHistory], from sources: StepSources
    ) throws -> [Tensor] {
        let (start, ratios, end) = steps[step]
        let values = try zip(latents, noise).map { try update.quantity($0, noise: $1, at: level(at: step)).value }
        return try update.step(latents, values, from: start, to: end, ratios: ratios) { inner, time in
            let outputs = try sources.predict(inner, update.schedule.timestep(time), nil)
            return try zip(inner, outputs).map {
                try update.quantity($0, noise: $1, at: update.schedule.level(time)).value
            }
        }
    }
}
