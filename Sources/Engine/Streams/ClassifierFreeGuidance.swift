internal import Torch

/// Two predictions, with the prompt and with the negative one, of which the difference is exaggerated:
/// `ε_u + s · (ε_c − ε_u)`.
///
/// Source: Ho & Salimans, arXiv 2207.12598; diffusers' pipelines.
struct ClassifierFreeGuidance {
    /// Embeddings of the negative prompts, one row for each latent.
    let unconditional: Tensor
    /// 1 and below leaves the unconditional half out.
    let scale: Double
    /// Whether the halves run one after the other, for half the activations, rather than as one batch.
    let apart: Bool

    /// - Parameters:
    ///   - prompt: embeddings of the prompts, without which nothing is predicted. Where it alone requires a gradient the
    ///     halves run apart and the unconditional one is not recorded: it does not depend on `y`.
    ///   - predict: the network, for a latent and an embedding of as many rows.
    func callAsFunction(
        _ z: Tensor, prompt: Tensor?, _ predict: (Tensor, Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        guard let y = prompt else {
            throw .refused(operation: "classifier-free guidance", message: "no prompt embedding was given")
        }
        guard scale > 1 else { return try predict(z, y) }
        let unguided: Tensor
        let guided: Tensor
        if y.requiresGrad || apart {
            unguided =
                z.requiresGrad
                ? try predict(z, unconditional)
                : try Autograd.disabled { () throws(TorchError) in try predict(z, unconditional) }
            guided = try predict(z, y)
        } else {
            let both = try predict(Tensor.cat([z, z], 0), Tensor.cat([unconditional, y], 0)).chunks(2, 0)
            (unguided, guided) = (both[0], both[1])
        }
        return try unguided.adding(guided - unguided, scaledBy: scale)
    }
}
