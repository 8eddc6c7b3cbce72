package import Method
package import Torch

/// Where the latents of one modality live: how they become media, and what the binder makes of them. A model that works on
/// pixels or samples themselves decodes to the same.
package protocol LatentSpace {
    var modality: Modality { get }

    /// What clean latents `[B, …]` stand for.
    func decode(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor

    /// The binder's embedding `[B, width]` of what clean latents decode to, differentiable. Only what the binder looks at
    /// need be decoded for it.
    func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor
}
