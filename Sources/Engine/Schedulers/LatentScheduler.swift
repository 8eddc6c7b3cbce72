package import Torch

/// The steps of a run from noise to a clean latent.
///
/// All schedulers keep latents variance-preserving, `z = √ᾱ z0 + √(1 − ᾱ) ε`, so that one formula predicts the clean
/// latent and a learning rate means the same under each of them. Steps are counted from 0; what a step is told and where
/// it leads are the scheduler's to know.
package protocol LatentScheduler: Sendable {
    /// What the network is told at each step, the noisiest first; between 0 and the training schedule's length, and not
    /// always whole.
    var timesteps: [Double] { get }
    /// The factor on unit noise that makes the first latent.
    var initialScale: Double { get }
    /// What the network's output means.
    var predictionType: PredictionType { get }
    /// Predictions of the clean latent are limited to this magnitude; nil leaves them as they are.
    var cleanLimit: Double? { get }
    /// Whether each step adds fresh noise.
    var drawsNoise: Bool { get }

    /// Of the latent that a step begins with.
    func level(at step: Int) -> NoiseLevel
    /// Of the latent that a step leads to.
    func level(after step: Int) -> NoiseLevel

    /// `ε̂` from what the network says of a step's latent. Differentiable in both.
    func noise(from output: Tensor, latent: Tensor, step: Int) throws(TorchError) -> Tensor

    /// One step, of all latents of a stream.
    ///
    /// - Parameters:
    ///   - noise: `ε̂` at this step, without a graph, one for each latent.
    ///   - latents: `z` at this step, of the noises' shapes.
    ///   - histories: of this run, one for each latent; begun anew for each run, and handed to each of its steps in turn.
    ///   - sources: what the step may ask for.
    /// - Returns: the latents after the step.
    func step(
        _ step: Int, noise: [Tensor], latents: [Tensor], histories: inout [SchedulerHistory], from sources: StepSources
    ) throws -> [Tensor]
}

/// What a step may ask of the run that it belongs to.
package struct StepSources {
    /// Normal noise of each latent's shape, anew with each call.
    let fresh: () throws -> [Tensor]
    /// What the network says of other latents, at another timestep; of these rows of the run, nil for all.
    let predict: (_ latents: [Tensor], _ timestep: Double, _ rows: [Int]?) throws -> [Tensor]
}

/// A scheduler that needs one prediction for a step, and steps each latent by itself.
package protocol OnePredictionScheduler: LatentScheduler {
    /// One step of one latent.
    ///
    /// - Parameters:
    ///   - noise: `ε̂` at this step, without a graph.
    ///   - latent: `z` at this step, of the noise's shape.
    ///   - history: of this run; begun anew for each run, and handed to each of its steps in turn.
    ///   - fresh: normal noise of the latent's shape, where ``LatentScheduler/drawsNoise`` is true.
    /// - Returns: the latent after the step.
    /// - Throws: ``TorchError``, also where fresh noise is wanted and not given.
    func step(
        _ step: Int, noise: Tensor, latent: Tensor, history: inout SchedulerHistory, fresh: Tensor?
    ) throws(TorchError) -> Tensor
}

extension OnePredictionScheduler {
    package func step(
        _ step: Int, noise: [Tensor], latents: [Tensor], histories: inout [SchedulerHistory], from sources: StepSources
    ) throws -> [Tensor] {
        let fresh = drawsNoise ? try sources.fresh() : []
        return try latents.indices.map { place in
            try self.step(
                step, noise: noise[place], latent: latents[place], history: &histories[place],
                fresh: drawsNoise ? fresh[place] : nil)
        }
    }

    /// The fresh noise of a step that cannot do without.
    func required(_ fresh: Tensor?) throws(TorchError) -> Tensor {
        guard let fresh else {
            throw .refused(operation: "a step with noise", message: "the scheduler draws noise, and none was given")
        }
        return fresh
    }
}

extension LatentScheduler {
    package var initialScale: Double { 1 }
    package var cleanLimit: Double? { nil }

    /// `z̃0 = (z − √(1 − ᾱ) · ε̂) / √ᾱ` (paper, eq. 11), limited where the schedule says so. Differentiable in both.
    package func predictClean(_ latent: Tensor, noise: Tensor, at level: NoiseLevel) throws(TorchError) -> Tensor {
        let clean = try latent.adding(noise, scaledBy: -level.noise) * (1 / level.signal)
        guard let cleanLimit else { return clean }
        return try clean.clamped(-cleanLimit, cleanLimit)
    }

    package func noise(from output: Tensor, latent: Tensor, step: Int) throws(TorchError) -> Tensor {
        let level = level(at: step)
        switch predictionType {
        case .epsilon: return output
        case .sample: return try latent.adding(output, scaledBy: -level.signal) * (1 / level.noise)
        case .velocity: return try (output * level.signal).adding(latent, scaledBy: level.noise)
        }
    }
}
