internal import Method
package import Networks
package import Torch

/// Denoising steps of DDIM: deterministic at η = 0, with fresh noise at each step above it.
///
/// Source: diffusers `schedulers/scheduling_ddim.py`; Song et al. 2021, eq. 12 and 16. Symbols: `ᾱ_t` cumulative alpha
/// in single precision, `ε̂` predicted noise, `z_t` latent, `σ_t = η √((1 − ᾱ_{t−1})/(1 − ᾱ_t)) √(1 − ᾱ_t/ᾱ_{t−1})`.
package struct DDIMScheduler: OnePredictionScheduler {
    package let timesteps: [Double]
    package let predictionType: PredictionType
    package let cleanLimit: Double?
    private let eta: Double
    /// `ᾱ` of the latents that steps begin with and lead to.
    private let alphas: [(now: Float, next: Float)]

    /// - Parameters:
    ///   - steps: of the run; between 1 and the training schedule's length.
    ///   - eta: η, 0 for DDIM, 1 for the variance of DDPM.
    /// - Throws: ``ConfigurationError``.
    package init(_ c: SchedulerConfiguration, steps: Int, eta: Double = 0) throws(ConfigurationError) {
        let model = "DDIMScheduler"
        let schedule = try NoiseSchedule(c, steps: steps, model: model)
        try c.refuse([.thresholding: c.thresholding], model: model)
        guard eta >= 0, eta.isFinite else {
            throw ConfigurationError(model, "eta", found: "\(eta)", expected: "a number from 0")
        }
        self.eta = eta
        predictionType = try SchedulerConfiguration.choice(
            c.predictionType, .predictionType, default: .epsilon, model: model)
        let range = c.clipSampleRange ?? 1
        guard range > 0 else {
            throw ConfigurationError(model, "clip_sample_range", found: "\(range)", expected: "a number above 0")
        }
        cleanLimit = c.clipSample ?? true ? range : nil
        let trained = schedule.alphasCumprod.count
        let stride = trained / steps
        let spread =
            switch try SchedulerConfiguration.choice(
                c.timestepSpacing, .timestepSpacing, default: TimestepSpacing.leading, model: model)
            {
            case .leading: TimestepSpacing.leading(steps, gap: stride, offset: c.stepsOffset ?? 0)
            case .linspace:
                TimestepSpacing.linspace(steps, last: trained - 1).map { $0.rounded(.toNearestOrEven) }
            case .trailing: TimestepSpacing.trailing(steps, first: trained, trained: trained)
            }
        timesteps = try schedule.checked(spread)
        let final = c.setAlphaToOne ?? true ? 1 : schedule.alphasCumprod[0]
        alphas = timesteps.map { timestep in
            // Not the next timestep: diffusers subtracts the constant stride, whatever the spacing.
            let previous = Int(timestep) - stride
            return (schedule.alphasCumprod[Int(timestep)], previous >= 0 ? schedule.alphasCumprod[previous] : final)
        }
    }

    package var drawsNoise: Bool { eta > 0 }

    package func level(at step: Int) -> NoiseLevel { NoiseLevel(alpha: alphas[step].now) }

    package func level(after step: Int) -> NoiseLevel { NoiseLevel(alpha: alphas[step].next) }

    /// `z_{t−1} = √ᾱ_{t−1} · z̃0 + √(1 − ᾱ_{t−1} − σ²) · ε̂ + σ · fresh`; the history stays as it is.
    package func step(
        _ step: Int, noise: Tensor, latent: Tensor, history: inout SchedulerHistory, fresh: Tensor?
    ) throws(TorchError) -> Tensor {
        let next = level(after: step)
        let clean = try predictClean(latent, noise: noise, at: level(at: step)) * next.signal
        guard eta > 0 else { return try clean.adding(noise, scaledBy: next.noise) }
        let alpha = alphas[step]
        let sigma = Float(eta) * ((1 - alpha.next) / (1 - alpha.now) * (1 - alpha.now / alpha.next)).squareRoot()
        let direction = max(1 - alpha.next - sigma * sigma, 0).squareRoot()
        return try clean.adding(noise, scaledBy: Double(direction)).adding(required(fresh), scaledBy: Double(sigma))
    }
}
