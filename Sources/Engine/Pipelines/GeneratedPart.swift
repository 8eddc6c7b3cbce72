internal import Torch

/// One diffusion model's part in a call: where it begins, how it is denoised, and what it becomes.
protocol GeneratedPart {
    var stream: DiffusionStream { get }
    /// `[B, …]` of unit variance, one for each modality.
    var noise: [Tensor] { get }
    /// Prompt embeddings, `[B, …]`; nil for a model that takes none.
    var prompts: Tensor? { get }

    /// Decodes the final latents and gives each sample its own.
    func finish(
        _ latents: [Tensor], into results: inout [GenerationResult.Draft], _ observer: (any SamplerObserver)?) throws
}

/// What a call's samples are made from in words; a sample has one of each.
struct PromptTexts {
    let prompts: [String]
    let negative: [String]
}

extension GenerationResult {
    /// A result while its parts come in.
    struct Draft {
        private let label: Label?
        private let losses: [Double]
        var audio: Audio?
        var video: Video?
        var isFinite = true

        init(label: Label?, _ losses: [Double]) {
            self.label = label
            self.losses = losses
        }

        var result: GenerationResult {
            GenerationResult(label: label, audio: audio, video: video, losses: losses, isFinite: isFinite)
        }
    }
}

extension GenerationResult.Latent {
    /// One sample of a batch of latents, and whether its numbers are finite in half precision.
    static func of(_ latents: Tensor, _ index: Int) throws -> (GenerationResult.Latent, isFinite: Bool) {
        let half = try latents.narrow(0, from: index, count: 1).squeeze(0).to(.float16, device: .cpu)
        return (GenerationResult.Latent(bytes: try half.bytes(), shape: half.shape), try half.isFinite())
    }
}
