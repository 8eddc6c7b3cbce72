internal import Foundation
internal import Networks

/// The noise levels `σ` that a run visits, with the timesteps that the network is told at them.
struct RunSigmas {
    let timesteps: [Double]
    let levels: [Double]

    private enum Final: String, CaseIterable {
        case zero
        case lowest = "sigma_min"
    }

    /// Karras' levels, from the first to the last of `range`, or from `sigma_max` to `sigma_min`.
    ///
    /// - Parameter range: levels, descending.
    /// - Throws: ``ConfigurationError`` for limits that are none.
    static func karras(
        _ c: SchedulerConfiguration, _ schedule: NoiseSchedule, from range: [Double], steps: Int, model: String
    ) throws(ConfigurationError) -> RunSigmas {
        let (highest, lowest) = (c.sigmaMax ?? range.first ?? 0, c.sigmaMin ?? range.last ?? 0)
        guard highest.isFinite, lowest > 0, highest >= lowest else {
            throw ConfigurationError(
                model, "sigma_max", found: "\(highest)", expected: "a number not below sigma_min, \(lowest)")
        }
        let levels = KarrasSigmas.levels(from: highest, to: lowest, count: steps)
        let logarithms = schedule.sigmas.map { logf($0) }
        return RunSigmas(
            timesteps: levels.map { KarrasSigmas.timestep(of: $0, among: logarithms) }, levels: levels)
    }

    /// The levels, and the one behind the last step: none, or the lowest of training. In single precision, as diffusers
    /// keeps them.
    func levels(
        withFinal c: SchedulerConfiguration, _ schedule: NoiseSchedule, model: String
    ) throws(ConfigurationError) -> [Double] {
        let final = try SchedulerConfiguration.choice(c.finalSigmas, .finalSigmas, default: Final.zero, model: model)
        return levels.map { Double(Float($0)) } + [final == .zero ? 0 : Double(schedule.sigmas[0])]
    }
}
