internal import Method
internal import Torch

/// One diffusion model's part in a call: where it begins, how it is denoised, and what it becomes.
protocol GeneratedPart {
    var stream: DiffusionStream { get }
    /// `[rows, …]` of unit variance, one for each modality.
    var noise: [Tensor] { get }
    /// Prompt embeddings, `[rows, …]`; nil for a model that takes none.
    var prompts: Tensor? { get }

    /// Decodes the final latents and gives each row its own.
    /// - Parameter rowsAtOnce: that the networks take.
    /// - Returns: the binder's embeddings of what was made, `[rows, width]` of each modality.
    func finish(
        _ latents: [Tensor], into results: inout [GenerationResult.Draft], rowsAtOnce: Int,
        _ observer: (any SamplerObserver)?
    ) throws -> [Modality: Tensor]
}

/// What a part of a call is made from.
struct PartInput {
    /// What the rows of the run are.
    let rows: [Beginning]
    /// The samples; their captions and negative prompts are below, as the denoisers are told them.
    let requests: [GenerationRequest]
    /// Captions, `""` for none.
    let prompts: [String]
    let negative: [String]
    /// What the binder makes of the list, for the samples whose prompt it decides.
    let words: [FoundWords?]
    let list: CaptionList

    /// Of the rows, in what makes a modality.
    func rowSeeds(_ modality: Modality) -> [UInt64] {
        rows.map { Beginning.seed(requests[$0.sample].seed(of: modality), particle: $0.particle) }
    }

    /// A generator for each row, and one for each sample's way back in time.
    func generators(_ modality: Modality) throws -> (rows: [Generator], travel: [Generator]) {
        (
            try rowSeeds(modality).map { try Generator(seed: $0) },
            try requests.map { try Generator(seed: Beginning.travelSeed($0.seed(of: modality))) }
        )
    }

    /// What has a row for each sample, with one for each row of the run.
    func spread(_ tensor: Tensor) throws -> Tensor {
        rows.count == requests.count ? tensor : try tensor.rows(rows.map(\.sample))
    }
}

extension GenerationResult {
    /// The result of a row while its parts come in.
    struct Draft {
        let row: Beginning
        let losses: [Double]
        var audio: Audio?
        var video: Video?
        var isFinite = true
    }
}

extension GenerationResult.Latent {
    /// One sample of a batch of latents, and whether its numbers are finite in half precision.
    static func of(_ latents: Tensor, _ index: Int) throws -> (GenerationResult.Latent, isFinite: Bool) {
        let half = try latents.narrow(0, from: index, count: 1).squeeze(0).to(.float16, device: .cpu)
        return (GenerationResult.Latent(bytes: try half.bytes(), shape: half.shape), try half.isFinite())
    }
}
