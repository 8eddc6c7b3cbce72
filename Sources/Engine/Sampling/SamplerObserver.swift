package import Method
package import Torch

/// What may watch a run, and stop it.
package protocol SamplerObserver: AnyObject {
    /// Called before each step. Throwing ends the run, as when its batch was cancelled.
    func willBegin(step: Int, of steps: Int) throws
    /// Called within a step that asks the network more than once, before each further time. Throwing ends the run.
    func mayGoOn() throws
    /// An intermediate, by step, modality and the name that the Python reference gives it, such as `007.audio.grad_z`.
    func record(_ name: String, _ tensor: Tensor)
    /// Latent and prompt embedding with which to begin a turn of a step in place of the run's own: teacher
    /// forcing.
    func override(step: Int, turn: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?)
    /// A part of the work begins; ``spent(_:on:)`` follows, unless it fails.
    func willSpend(on stage: String)
    /// Wall time that a part of the work took, in seconds.
    func spent(_ seconds: Double, on stage: String)
}

extension SamplerObserver {
    package func willBegin(step: Int, of steps: Int) throws {}
    package func mayGoOn() throws {}
    package func record(_ name: String, _ tensor: Tensor) {}
    package func override(step: Int, turn: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) { (nil, nil) }
    package func willSpend(on stage: String) {}
    package func spent(_ seconds: Double, on stage: String) {}
}

extension SamplerObserver? {
    /// Runs a part of the work and tells how long it took. On a CUDA device the time is that of asking, not of doing,
    /// unless the observer synchronises.
    package func timed<R, E>(_ stage: String, _ body: () throws(E) -> R) throws(E) -> R {
        guard let self else { return try body() }
        self.willSpend(on: stage)
        let clock = ContinuousClock()
        let start = clock.now
        let result = try body()
        self.spent((clock.now - start) / .seconds(1), on: stage)
        return result
    }
}
