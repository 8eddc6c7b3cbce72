package import Method
package import Torch

/// Where the latents of one modality live: how they become media, and what the binder makes of them. A model that works on
/// pixels or samples themselves decodes to the same.
package protocol LatentSpace {
    var modality: Modality { get }

    /// The factor by which a loss is enlarged before its gradient is taken through this space, and the gradient reduced
    /// after: a power of two, above 1 where the gradients inside would be below the smallest numbers of the networks' type.
    var gradientScale: Double { get }

    /// What clean latents `[B, …]` stand for: of each row as many rows as the space says.
    func decode(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor

    /// The binder's embedding `[B, width]` of what clean latents decode to, differentiable. Only what the binder looks at
    /// need be decoded for it.
    func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor

    /// The binder's embedding `[B, width]` of finished media, as ``decode(_:observer:)`` returns them.
    func embed(decoded: Tensor, observer: (any SamplerObserver)?) throws -> Tensor
}

extension LatentSpace {
    package var gradientScale: Double { 1 }
}

extension DType {
    /// Of networks of this type: fp16 ends at 6e-8, above most of what a decoder's gradient consists of.
    var gradientScale: Double { self == .float16 ? 4096 : 1 }
}
