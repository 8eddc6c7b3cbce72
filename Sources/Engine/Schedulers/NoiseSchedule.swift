internal import Foundation
internal import Method
internal import Networks

/// How noisy each timestep of training is, and which of them a run may visit.
///
/// Source: diffusers, the constructors that its schedulers share. In single precision step by step, as `torch.linspace`
/// and `torch.cumprod` compute.
struct NoiseSchedule: Sendable {
    /// `ᾱ_t` of each training timestep.
    let alphasCumprod: [Float]
    private let model: String

    /// - Parameters:
    ///   - steps: of the run; between 1 and the training schedule's length.
    ///   - model: the scheduler's class, for errors.
    /// - Throws: ``ConfigurationError``.
    init(_ c: SchedulerConfiguration, steps: Int, model: String) throws(ConfigurationError) {
        let trained = c.numTrainTimesteps ?? 1000
        guard (1...1_000_000).contains(trained) else {
            throw ConfigurationError(
                model, "num_train_timesteps", found: "\(trained)", expected: "a number between 1 and 10^6")
        }
        guard steps >= 1, steps <= trained else {
            throw ConfigurationError(model, "steps", found: "\(steps)", expected: "a number between 1 and \(trained)")
        }
        try c.refuse([.rescaleBetasZeroSNR: c.rescaleBetasZeroSNR], model: model)
        if let betas = c.trainedBetas {
            throw ConfigurationError(model, "trained_betas", found: "a list of \(betas.count)", expected: "null")
        }
        let (start, end) = (c.betaStart ?? 0.0001, c.betaEnd ?? 0.02)
        for (field, value) in [("beta_start", start), ("beta_end", end)] where !(value > 0 && value < 1) {
            throw ConfigurationError(model, field, found: "\(value)", expected: "a number between 0 and 1")
        }
        let betas =
            switch try SchedulerConfiguration.choice(
                c.betaSchedule, .betaSchedule, default: BetaSchedule.linear, model: model)
            {
            case .linear: Self.linspace(start, end, trained)
            case .scaledLinear:
                Self.linspace(start.squareRoot(), end.squareRoot(), trained).map { $0 * $0 }
            }
        var product = 1.0  // libtorch accumulates products of single-precision numbers in double
        alphasCumprod = betas.map { beta in
            product *= Double(1 - beta)
            return Float(product)
        }
        self.model = model
    }

    /// `σ_t = √((1 − ᾱ_t) / ᾱ_t)` of each training timestep, ascending.
    var sigmas: [Float] { alphasCumprod.map { ((1 - $0) / $0).squareRoot() } }

    /// `σ` between training timesteps, by linear interpolation, of each of some timesteps.
    func sigmas(at timesteps: [Double]) -> [Double] {
        let table = sigmas
        return timesteps.map { timestep in
            let low = min(max(Int(timestep), 0), table.count - 1)
            guard low < table.count - 1 else { return Double(table[low]) }
            let (a, b) = (Double(table[low]), Double(table[low + 1]))
            return (b - a) * (timestep - Double(low)) + a
        }
    }

    /// The timesteps, where a run can visit them.
    ///
    /// - Throws: ``ConfigurationError`` for one outside of training, which an offset can bring about, and for one that
    ///   is visited twice, which too many steps bring about.
    func checked(_ timesteps: [Double]) throws(ConfigurationError) -> [Double] {
        let last = Double(alphasCumprod.count - 1)
        if let bad = timesteps.first(where: { !(0...last).contains($0) }) {
            throw ConfigurationError(
                model, "steps_offset", found: "timestep \(bad)", expected: "one between 0 and \(Int(last))")
        }
        guard zip(timesteps, timesteps.dropFirst()).allSatisfy({ $0 > $1 }), !timesteps.isEmpty else {
            throw ConfigurationError(
                model, "steps", found: "more than there are timesteps to visit", expected: "fewer steps")
        }
        return timesteps
    }

    /// As torch: from both ends towards the middle, in single precision, product and sum rounded once.
    static func linspace(_ start: Double, _ end: Double, _ count: Int) -> [Float] {
        guard count > 1 else { return [Float(start)] }
        let (first, last) = (Float(start), Float(end))
        let step = (last - first) / Float(count - 1)
        return (0..<count).map { i in
            i < count / 2 ? first.addingProduct(step, Float(i)) : last.addingProduct(-step, Float(count - 1 - i))
        }
    }
}
