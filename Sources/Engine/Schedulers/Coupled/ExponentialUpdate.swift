internal import Foundation
internal import Torch

/// What DPM-Solver integrates: the network's noise, or its clean prediction.
enum SolvedQuantity: Sendable {
    case noise
    /// With its extremes drawn in: what lies above the 99.5th percentile of a sample's magnitudes becomes that, and all is divided
    /// by it, where it is above 1.
    ///
    /// Source: Saharia et al., Imagen (arXiv 2205.11487), "dynamic thresholding".
    case thresholdedClean

    /// The quantity at a level, from `ε̂`; and the `ε̂` that belongs to it.
    func callAsFunction(
        _ latent: Tensor, noise: Tensor, at level: NoiseLevel
    ) throws(TorchError) -> (value: Tensor, noise: Tensor) {
        switch self {
        case .noise: return (noise, noise)
        case .thresholdedClean:
            let clean = try thresholded(latent.adding(noise, scaledBy: -level.noise) * (1 / level.signal))
            return (clean, try latent.adding(clean, scaledBy: -level.signal) * (1 / level.noise))
        }
    }

    private func thresholded(_ clean: Tensor) throws(TorchError) -> Tensor {
        let rows = clean.size(0)
        let limit = try clean.abs().reshape([rows, -1]).quantile(0.995).clamped(1)
            .reshape([rows] + Array(repeating: 1, count: clean.rank - 1))
        return try (clean / limit).clamped(-1, 1)
    }
}

/// One update of DPM-Solver in single steps, of either quantity.
///
/// Source: Lu et al., DPM-Solver (arXiv 2206.00927), algorithms 1 and 2, and DPM-Solver++ (arXiv 2211.01095); `dpm_solver_pytorch.py`
/// of the official repository, whose first order is wrong for sound and is not followed there.
struct ExponentialUpdate: Sendable {
    let schedule: ContinuousSchedule
    let quantity: SolvedQuantity

    /// The quantity, of each latent.
    typealias Values = [Tensor]

    /// The latents at time `t`, from those at `s` and the quantity there, to first order.
    func move(_ z: [Tensor], _ value: Values, from s: Float, to t: Float) throws -> [Tensor] {
        let h = schedule.lambda(t) - schedule.lambda(s)
        let keep: Float
        let gain: Float
        switch quantity {
        case .noise:
            keep = expf(schedule.logAlpha(t) - schedule.logAlpha(s))
            gain = -schedule.sigma(t) * expm1f(h)
        case .thresholdedClean:
            keep = schedule.sigma(t) / schedule.sigma(s)
            gain = -schedule.alpha(t) * expm1f(-h)
        }
        return try zip(z, value).map { try ($0 * Double(keep)).adding($1, scaledBy: Double(gain)) }
    }

    /// Coefficients of the first and of the second integral up to time `t`, over a step of length `h` in λ.
    func gains(_ t: Float, _ h: Float) -> (first: Float, second: Float) {
        switch quantity {
        case .noise:
            let sigma = schedule.sigma(t)
            return (-sigma * expm1f(h), -sigma * (expm1f(h) / h - 1))
        case .thresholdedClean:
            let alpha = schedule.alpha(t)
            return (-alpha * expm1f(-h), alpha * (expm1f(-h) / h + 1))
        }
    }

    /// The latents at time `t`, to the order of as many inner points as `ratios` has, and one.
    ///
    /// - Parameters:
    ///   - value: of the quantity at `s`.
    ///   - ratios: where the inner points lie, in parts of the step's length in λ.
    ///   - evaluate: the quantity at other latents, at a time.
    func step(
        _ z: [Tensor], _ value: Values, from s: Float, to t: Float, ratios: [Float],
        evaluate: ([Tensor], Float) throws -> Values
    ) throws -> [Tensor] {
        let end = try move(z, value, from: s, to: t)
        guard let r1 = ratios.first else { return end }
        let h = schedule.lambda(t) - schedule.lambda(s)
        func point(_ ratio: Float) -> Float { schedule.time(schedule.lambda(s) + ratio * h) }
        func adding(_ latents: [Tensor], _ other: Values, _ factor: Float) throws -> [Tensor] {
            try latents.indices.map { try latents[$0].adding(other[$0] - value[$0], scaledBy: Double(factor)) }
        }
        let s1 = point(r1)
        let first = try evaluate(move(z, value, from: s, to: s1), s1)
        guard ratios.count > 1 else { return try adding(end, first, 0.5 / r1 * gains(t, h).first) }
        let r2 = ratios[1]
        let s2 = point(r2)
        let inner = try adding(move(z, value, from: s, to: s2), first, r2 / r1 * gains(s2, r2 * h).second)
        return try adding(end, evaluate(inner, s2), 1 / r2 * gains(t, h).second)
    }
}
