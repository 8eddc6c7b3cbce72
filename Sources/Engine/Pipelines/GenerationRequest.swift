package import ClipSampling
internal import Method
package import Torch

/// One sample to make.
package struct GenerationRequest: Sendable {
    /// What steers a sample beside its caption.
    package enum Condition: Sendable {
        /// Clips of frames, all of one size: what the binder sees of a video.
        case clips([[Image]])
        /// One image.
        case image(Image)
        /// Audio at 16 kHz, mono, −1…1, and how many clips of it the binder hears.
        case audio([Float], clips: Int)

        /// What its embedding is of.
        var modality: Modality {
            switch self {
            case .clips, .image: .video
            case .audio: .audio
            }
        }
    }

    /// nil: the denoiser gets an empty prompt and the loss has no text term.
    package let caption: String?
    package let negativePrompt: String
    /// nil where the caption alone steers.
    package let condition: Condition?
    /// The binder's embedding of the condition, `[1, width]`, where it is known already.
    package let embedding: Tensor?
    /// Of the sample's own generators, one for each generated modality: each begins with the noise that a diffusers
    /// pipeline of that modality would begin with.
    package let seed: UInt64
    /// Of the audio's generators; nil: `seed`.
    package let audioSeed: UInt64?

    /// The seed of what a part of the call makes.
    func seed(of modality: Modality) -> UInt64 { modality == .audio ? audioSeed ?? seed : seed }

    package init(
        caption: String?, negativePrompt: String, condition: Condition?, embedding: Tensor? = nil, seed: UInt64,
        audioSeed: UInt64? = nil
    ) {
        self.caption = caption
        self.negativePrompt = negativePrompt
        self.condition = condition
        self.embedding = embedding
        self.seed = seed
        self.audioSeed = audioSeed
    }
}
