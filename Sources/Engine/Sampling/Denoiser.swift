package import Method
package import Torch

/// A diffusion network with what conditions it. It denoises the latent of one modality, or those of several at once.
package protocol Denoiser {
    /// What it denoises; latents come and go in this order.
    var modalities: [Modality] { get }

    /// What the network says of the latents of a step; the scheduler knows what it means.
    ///
    /// - Parameters:
    ///   - latents: `[B, …]`, one for each modality.
    ///   - timestep: of training, not always whole.
    ///   - prompt: embeddings `[B, …]`; nil for a network that takes none. Where it requires a gradient, what depends on it
    ///     is recorded.
    /// - Returns: one output of its latent's shape for each modality.
    func predict(_ latents: [Tensor], timestep: Double, prompt: Tensor?) throws -> [Tensor]

    /// The denoiser of these rows, in this order: of what conditions it and has a row for each latent.
    func keeping(_ rows: [Int]) throws -> Self
}

extension Denoiser {
    package func keeping(_ rows: [Int]) throws -> Self { self }
}
