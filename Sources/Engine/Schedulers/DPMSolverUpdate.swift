internal import Foundation

/// One update of DPM-Solver++: the weights of the latent, of the predictions of the clean latent, and of fresh noise.
///
/// Symbols: `λ = log(√ᾱ / √(1 − ᾱ)) = −log σ`; `h` its growth in this step, `r` that of an earlier step over `h`.
struct DPMSolverUpdate {
    /// How the second order finds its derivative.
    enum Solver: String, CaseIterable {
        case midpoint, heun
    }

    let latent: Double
    /// Of the predictions, the newest first.
    private(set) var clean: [Double]
    /// 0 for the ODE.
    let fresh: Double

    /// - Parameters:
    ///   - sigmas: the level that the step leads to, the one it begins with, and those of earlier steps whose predictions
    ///     are used; as many predictions as there are levels, less one: 1 to 3.
    ///   - isStochastic: the SDE; of order 1 or 2.
    init(sigmas: [Double], solver: Solver, isStochastic: Bool) {
        let (next, now) = (NoiseLevel(sigma: sigmas[0]), NoiseLevel(sigma: sigmas[1]))
        guard sigmas[0] != sigmas[1] else {  // a step of no length, as to a final level that is the last already
            (latent, clean, fresh) = (1, [0], 0)
            return
        }
        let h = log(sigmas[1]) - log(sigmas[0])
        // The SDE is solved over twice the length.
        let length = isStochastic ? 2 * h : h
        let gain = -expm1(-length)  // 1 − e^−length
        let ratio = next.noise / now.noise
        latent = isStochastic ? ratio * exp(-h) : ratio
        fresh = isStochastic ? next.noise * gain.squareRoot() : 0
        clean = [next.signal * gain]
        guard sigmas.count > 2 else { return }

        let recent = (log(sigmas[2]) - log(sigmas[1])) / h
        let slope = next.signal * (solver == .midpoint && sigmas.count == 3 ? gain / 2 : 1 - gain / length)
        guard sigmas.count > 3 else {
            clean = [clean[0] + slope / recent, -slope / recent]
            return
        }
        // D1 and D2 of the third order are combinations of the two newest differences of predictions.
        let earlier = (log(sigmas[3]) - log(sigmas[2])) / h
        let curvature = next.signal * ((gain - h) / (h * h) + 0.5)
        let bent = (slope * recent + curvature) / (recent + earlier)
        let (newer, older) = ((slope + bent) / recent, bent / earlier)
        clean = [clean[0] + newer, -newer - older, older]
    }
}
