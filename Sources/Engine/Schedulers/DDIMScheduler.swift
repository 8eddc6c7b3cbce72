internal import Foundation
package import Torch

/// Denoising steps of DDIM: deterministic at η = 0, with fresh noise at each step above it.
///
/// Source: diffusers `schedulers/scheduling_ddim.py`; Song et al. 2021, eq. 12 and 16. Symbols: `ᾱ_t` cumulative alpha
/// in single precision, `ε̂` predicted noise, `z_t` latent, `σ_t = η √((1 − ᾱ_{t−1})/(1 − ᾱ_t)) √(1 − ᾱ_t/ᾱ_{t−1})`.
package struct DDIMScheduler: LatentScheduler {
    package var timesteps: [Double] { steps.map(Double.init) }
    private let steps: [Int]
    private let alphasCumprod: [Float]
    private let finalAlpha: Float
    private let stride: Int

    /// - Parameter steps: of the run; between 1 and the training schedule's length.
    /// - Throws: ``ConfigurationError``.
    package init(_ c: Configuration, steps: Int) throws(ConfigurationError) {
        let model = "DDIMScheduler"
        let trained = c.numTrainTimesteps ?? 1000
        guard (1...1_000_000).contains(trained) else {
            throw ConfigurationError(
                model, "num_train_timesteps", found: "\(trained)", expected: "a number between 1 and 10^6")
        }
        guard steps >= 1, steps <= trained else {
            throw ConfigurationError(model, "steps", found: "\(steps)", expected: "a number between 1 and \(trained)")
        }
        if c.clipSample ?? true { throw ConfigurationError(model, "clip_sample", found: "true", expected: "false") }
        if c.thresholding ?? false { throw ConfigurationError(model, "thresholding", found: "true", expected: "false") }
        if c.rescaleBetasZeroSNR ?? false {
            throw ConfigurationError(model, "rescale_betas_zero_snr", found: "true", expected: "false")
        }
        if let betas = c.trainedBetas {
            throw ConfigurationError(model, "trained_betas", found: "a list of \(betas.count)", expected: "null")
        }
        if let type = c.predictionType, type != "epsilon" {
            throw ConfigurationError(model, "prediction_type", found: type, expected: "epsilon")
        }
        alphasCumprod = try Self.alphas(c, trained)
        finalAlpha = c.setAlphaToOne ?? true ? 1 : alphasCumprod[0]
        stride = trained / steps
        let offset = c.stepsOffset ?? 0
        switch c.timestepSpacing ?? "leading" {
        case "leading":
            let stride = stride
            self.steps = (0..<steps).reversed().map { $0 * stride + offset }
        case "linspace":
            // The offset is not used here, as in diffusers.
            let gap = steps > 1 ? Double(trained - 1) / Double(steps - 1) : 0
            self.steps = (0..<steps).reversed().map { Int((Double($0) * gap).rounded(.toNearestOrEven)) }
        case "trailing":
            // NumPy's `arange` goes in steps of the difference of its first two numbers, which decides about halves.
            let first = Double(trained)
            let step = (first - first / Double(steps)) - first
            self.steps = (0..<steps).map { Int((first + Double($0) * step).rounded(.toNearestOrEven)) - 1 }
        case let other:
            throw ConfigurationError(model, "timestep_spacing", found: other, expected: "leading, linspace or trailing")
        }
        if let bad = self.steps.first(where: { !(0..<trained).contains($0) }) {
            throw ConfigurationError(model, "steps_offset", found: "timestep \(bad)", expected: "one below \(trained)")
        }
    }

    /// `ᾱ_t`.
    package func alpha(at step: Int) -> Float { alphasCumprod[steps[step]] }

    /// `ᾱ` of the latent that the step from `timestep` leads to.
    package func alpha(after step: Int) -> Float {
        // Not the next entry of `timesteps`: diffusers subtracts the constant stride, whatever the spacing.
        let previous = steps[step] - stride
        return previous >= 0 ? alphasCumprod[previous] : finalAlpha
    }

    /// `z_{t−1} = √ᾱ_{t−1} · z̃0 + √(1 − ᾱ_{t−1} − σ²) · ε̂ + σ · fresh`.
    ///
    /// - Parameters:
    ///   - eta: η, 0 for DDIM, 1 for the variance of DDPM.
    ///   - fresh: normal noise of the latent's shape; read only where η is above 0.
    package func step(
        _ step: Int, noise: Tensor, latent: Tensor, eta: Double = 0, fresh: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let (now, next) = (alpha(at: step), alpha(after: step))
        let clean = try predictClean(latent, noise: noise, alpha: now)
        guard eta > 0, let fresh else {
            return try (clean * Double(next.squareRoot())).adding(noise, scaledBy: Double((1 - next).squareRoot()))
        }
        let sigma = Float(eta) * ((1 - next) / (1 - now) * (1 - now / next)).squareRoot()
        let direction = max(1 - next - sigma * sigma, 0).squareRoot()
        return try (clean * Double(next.squareRoot())).adding(noise, scaledBy: Double(direction))
            .adding(fresh, scaledBy: Double(sigma))
    }

    /// `z̃0 = (z − √(1 − ᾱ) · ε̂) / √ᾱ` (paper, eq. 11).
    package func predictClean(_ latent: Tensor, noise: Tensor, alpha: Float) throws(TorchError) -> Tensor {
        try latent.adding(noise, scaledBy: -Double((1 - alpha).squareRoot())) * Double(1 / alpha.squareRoot())
    }

    /// In single precision step by step, as `torch.linspace` and `torch.cumprod` do.
    private static func alphas(_ c: Configuration, _ count: Int) throws(ConfigurationError) -> [Float] {
        let (start, end) = (c.betaStart ?? 0.0001, c.betaEnd ?? 0.02)
        let betas: [Float]
        switch c.betaSchedule ?? "linear" {
        case "linear": betas = linspace(start, end, count)
        case "scaled_linear": betas = linspace(start.squareRoot(), end.squareRoot(), count).map { $0 * $0 }
        case let other:
            throw ConfigurationError(
                "DDIMScheduler", "beta_schedule", found: other, expected: "linear or scaled_linear")
        }
        var product = 1.0  // libtorch accumulates products of single-precision numbers in double
        return betas.map { beta in
            product *= Double(1 - beta)
            return Float(product)
        }
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

extension DDIMScheduler {
    /// `scheduler_config.json`, by diffusers' names.
    package struct Configuration: Decodable, Sendable {
        package let numTrainTimesteps: Int?
        package let betaStart: Double?
        package let betaEnd: Double?
        package var betaSchedule: String?
        package let clipSample: Bool?
        package let setAlphaToOne: Bool?
        package let stepsOffset: Int?
        package let predictionType: String?
        package let thresholding: Bool?
        package var timestepSpacing: String?
        package let rescaleBetasZeroSNR: Bool?
        package let trainedBetas: [Double]?

        enum CodingKeys: String, CodingKey {
            case numTrainTimesteps = "num_train_timesteps"
            case betaStart = "beta_start"
            case betaEnd = "beta_end"
            case betaSchedule = "beta_schedule"
            case clipSample = "clip_sample"
            case setAlphaToOne = "set_alpha_to_one"
            case stepsOffset = "steps_offset"
            case predictionType = "prediction_type"
            case thresholding
            case timestepSpacing = "timestep_spacing"
            case rescaleBetasZeroSNR = "rescale_betas_zero_snr"
            case trainedBetas = "trained_betas"
        }
    }
}
