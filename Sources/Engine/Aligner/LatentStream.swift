package import Torch

/// One generated modality: what the aligner needs of its diffusion model.
///
/// Shapes: latent `z` `[B, …]`; prompt embedding `y` `[B, …]`.
package protocol LatentStream {
    var modality: Modality { get }
    /// Of this run: as many timesteps as there are steps.
    var scheduler: any LatentScheduler { get }

    /// What the network says of a step's latent, with classifier-free guidance; the scheduler knows what it means. Where
    /// `y` requires a gradient, the conditional half is recorded and the unconditional one is not: it does not depend on
    /// `y`.
    func predictOutput(_ z: Tensor, step: Int, prompt y: Tensor) throws -> Tensor

    /// The binder's embedding `[B, width]` of what a clean latent decodes to, differentiable.
    func embedding(ofClean z: Tensor, observer: (any AlignerObserver)?) throws -> Tensor

    /// Fresh noise of a latent's shape, from one generator for each sample; only asked for where the scheduler draws it.
    func freshNoise(like z: Tensor) throws -> Tensor
}

/// What may watch a run, and stop it.
package protocol AlignerObserver: AnyObject {
    /// Called before each step. Throwing ends the run, as when its batch was cancelled.
    func willBegin(step: Int, of steps: Int) throws
    /// An intermediate, by the name that the Python reference gives it, such as `007.audio.grad_z`.
    func record(_ name: String, _ tensor: Tensor)
    /// Latent and prompt embedding with which to begin a step in place of the run's own: teacher forcing.
    func override(step: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?)
    /// Wall time that a part of the work took, in seconds.
    func spent(_ seconds: Double, on stage: String)
}

extension AlignerObserver {
    package func willBegin(step: Int, of steps: Int) throws {}
    package func record(_ name: String, _ tensor: Tensor) {}
    package func override(step: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) { (nil, nil) }
    package func spent(_ seconds: Double, on stage: String) {}
}

extension AlignerObserver? {
    /// Runs a part of the work and tells how long it took. On a CUDA device the time is that of asking, not of doing,
    /// unless the observer synchronises.
    func timed<R, E>(_ stage: String, _ body: () throws(E) -> R) throws(E) -> R {
        guard let self else { return try body() }
        let clock = ContinuousClock()
        let start = clock.now
        let result = try body()
        let elapsed = (clock.now - start).components
        self.spent(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18, on: stage)
        return result
    }
}
