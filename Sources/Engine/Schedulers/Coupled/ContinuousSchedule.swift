internal import Foundation

/// MM-Diffusion's noise levels in continuous time: log α, linear between the points t = (n + 1) / 1000.
///
/// In single precision whatever the latents have: the time that reaches the network is cut to a whole number, so that other
/// arithmetic could give another one.
///
/// Source: `NoiseScheduleVP('discrete')` of DPM-Solver, as the official sampling script uses it. `λ = log α − log σ`.
struct ContinuousSchedule: Sendable {
    /// Ascending.
    private let times: [Float]
    private let logAlphas: [Float]
    /// The same, the other way round.
    private let descending: (times: [Float], logAlphas: [Float])

    init() {
        times = Array(NoiseSchedule.linspace(0, 1, LinearBetas.trained + 1).dropFirst())
        logAlphas = LinearBetas.alphasCumprod.map { 0.5 * logf(Float($0)) }
        descending = (times.reversed(), logAlphas.reversed())
    }

    /// Where a run begins, and where it ends.
    static let start: Float = 1
    static let end = Float(1.0 / 1000)

    /// - Parameter xs: ascending.
    private static func interpolate(_ x: Float, _ xs: [Float], _ ys: [Float]) -> Float {
        let above = xs.firstIndex { $0 >= x } ?? xs.count
        let k = min(max(above - 1, 0), xs.count - 2)
        return ys[k] + (x - xs[k]) * (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k])
    }

    func logAlpha(_ t: Float) -> Float { Self.interpolate(t, times, logAlphas) }

    func alpha(_ t: Float) -> Float { expf(logAlpha(t)) }

    func sigma(_ t: Float) -> Float { (1 - expf(2 * logAlpha(t))).squareRoot() }

    func lambda(_ t: Float) -> Float {
        let log = logAlpha(t)
        return log - 0.5 * logf(1 - expf(2 * log))
    }

    /// The time of a λ.
    func time(_ lambda: Float) -> Float {
        // log(1 + e^−2λ), without overflow.
        let x = -2 * lambda
        let log = -0.5 * (max(0, x) + log1pf(expf(-abs(x))))
        return Self.interpolate(log, descending.logAlphas, descending.times)
    }

    /// What the network is told of a time: cut, not rounded.
    func timestep(_ t: Float) -> Double { Double(Int((t - Self.end) * 1000)) }

    func level(_ t: Float) -> NoiseLevel { NoiseLevel(signal: Double(alpha(t)), noise: Double(sigma(t))) }
}
