internal import Foundation
package import Networks
package import Torch

/// guided-diffusion's steps: DDPM with the larger of its fixed variances or one that the network mixes, and DDIM; predictions of
/// what is clean are kept to −1 … 1.
///
/// Its ε̂ is the one that belongs to the clean prediction that was kept to that range, so that every guide works on what the step
/// uses.
///
/// Source: `gaussian_diffusion.py` of guided-diffusion (Nichol & Dhariwal, arXiv 2102.09672; Song et al., arXiv 2010.02502). The
/// tables are in double precision, coefficients rounded to single.
package struct GaussianDiffusionScheduler: OnePredictionScheduler {
    package enum Kind: Sendable, Equatable {
        case ddpm
        /// - Parameter eta: η, 0 for no noise.
        case ddim(eta: Double)
    }

    package let timesteps: [Double]
    package let drawsNoise: Bool
    private let kind: Kind
    /// `ᾱ` of the latents that steps begin with, and of those that they lead to.
    private let alphas: [(now: Double, next: Double)]

    package var predictionType: PredictionType { .epsilon }

    /// - Parameter steps: of the run, 1 to 1000; for DDIM a number that a whole stride gives.
    /// - Throws: ``ConfigurationError``.
    package init(_ kind: Kind, steps: Int) throws(ConfigurationError) {
        let trained = LinearBetas.trained
        guard (1...trained).contains(steps) else {
            throw ConfigurationError(
                "GaussianDiffusion", "steps", found: "\(steps)", expected: "a number between 1 and \(trained)")
        }
        let visited: [Int]
        switch kind {
        case .ddpm:
            visited = LinearBetas.spread(steps)
            drawsNoise = true
        case .ddim(let eta):
            guard let strided = LinearBetas.strided(steps) else {
                throw ConfigurationError(
                    "GaussianDiffusion", "steps", found: "\(steps), which no whole stride gives",
                    expected: "\(Self.near(steps)) for ddim")
            }
            guard eta >= 0, eta.isFinite else {
                throw ConfigurationError(
                    "GaussianDiffusion", "eta", found: "\(eta)", expected: "a number from 0")
            }
            visited = strided
            drawsNoise = eta > 0
        }
        self.kind = kind
        timesteps = visited.reversed().map(Double.init)
        // From new betas once more, as the official tables are.
        let kept = visited.map { LinearBetas.alphasCumprod[$0] }
        let betas = zip(kept, [1] + kept.dropLast()).map { 1 - $0 / $1 }
        let alphas = LinearBetas.cumulative(betas)
        self.alphas = zip(alphas, [1] + alphas.dropLast()).map { ($0, $1) }.reversed()
    }

    /// The nearest numbers of steps that a whole stride gives.
    private static func near(_ steps: Int) -> String {
        let possible = (1...LinearBetas.trained).filter { LinearBetas.strided($0) != nil }
        return [possible.last { $0 < steps }, possible.first { $0 > steps }].compactMap { $0.map(String.init) }
            .joined(separator: " or ")
    }

    package func level(at step: Int) -> NoiseLevel { NoiseLevel(variancePreserving: alphas[step].now) }

    package func level(after step: Int) -> NoiseLevel { NoiseLevel(variancePreserving: alphas[step].next) }

    /// `z̃0`, kept to −1 … 1.
    private func clean(_ latent: Tensor, _ noise: Tensor, _ step: Int) throws(TorchError) -> Tensor {
        let alpha = alphas[step].now
        return try (latent * rounded((1 / alpha).squareRoot()))
            .adding(noise, scaledBy: -rounded((1 / alpha - 1).squareRoot())).clamped(-1, 1)
    }

    /// `ε̂` of a clean prediction.
    private func noise(_ latent: Tensor, _ clean: Tensor, _ step: Int) throws(TorchError) -> Tensor {
        let alpha = alphas[step].now
        return try (latent * rounded((1 / alpha).squareRoot()) - clean)
            * (1 / rounded((1 / alpha - 1).squareRoot()))
    }

    package func noise(from output: Tensor, latent: Tensor, step: Int) throws(TorchError) -> Tensor {
        try noise(latent, clean(latent, output, step), step)
    }

    /// The history stays as it is; the last step adds no noise.
    package func step(
        _ step: Int, noise: Tensor, latent: Tensor, history: inout SchedulerHistory, fresh: Tensor?
    ) throws(TorchError) -> Tensor {
        try self.step(step, noise: noise, latent: latent, fresh: fresh, mixture: nil)
    }

    /// - Parameters:
    ///   - fresh: normal noise of the latent's shape, where ``drawsNoise`` is true.
    ///   - mixture: what a network that learned its variance says of it: −1 the smaller of the fixed ones, 1 the larger.
    package func step(
        _ step: Int, noise: Tensor, latent: Tensor, fresh: Tensor?, mixture: Tensor?
    ) throws(TorchError) -> Tensor {
        let (now, next) = (alphas[step].now, alphas[step].next)
        let isLast = step == timesteps.count - 1
        let clean = try clean(latent, noise, step)
        switch kind {
        case .ddim(let eta):
            let (alpha, previous) = (Float(now), Float(next))
            let sigma =
                Float(eta) * ((1 - previous) / (1 - alpha)).squareRoot() * (1 - alpha / previous).squareRoot()
            let direction = max(1 - previous - sigma * sigma, 0).squareRoot()
            let mean = try (clean * Double(previous.squareRoot())).adding(
                self.noise(latent, clean, step), scaledBy: Double(direction))
            return eta > 0 && !isLast ? try mean.adding(required(fresh), scaledBy: Double(sigma)) : mean
        case .ddpm:
            let beta = 1 - now / next
            let mean = try (clean * rounded(beta * next.squareRoot() / (1 - now)))
                .adding(latent, scaledBy: rounded((1 - next) * (1 - beta).squareRoot() / (1 - now)))
            guard !isLast else { return mean }
            guard let mixture else {
                let deviation = expf(0.5 * Float(log(beta)))
                return try mean.adding(required(fresh), scaledBy: Double(deviation))
            }
            let part = try (mixture + 1) * 0.5
            let (smaller, larger) = (Float(log(beta * (1 - next) / (1 - now))), Float(log(beta)))
            let logVariance = try (part * Double(larger)).adding(part * -1 + 1, scaledBy: Double(smaller))
            return try mean + (logVariance * 0.5).exp() * required(fresh)
        }
    }

    private func rounded(_ value: Double) -> Double { Double(Float(value)) }
}
