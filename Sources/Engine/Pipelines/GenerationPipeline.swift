internal import Foundation
internal import Torch

/// Makes samples of every task: sound for pictures, pictures for sound, or both from text, guided or not.
///
/// Source: paper, Algorithm 1 and eq. 14–16; diffusers' `AudioLDMPipeline`, `StableDiffusionPipeline` and
/// `AnimateDiffPipeline` for prompts, latents and the cut of the waveform.
package struct GenerationPipeline: Sendable {
    private let audio: AudioModels?
    private let pictures: PictureModels?
    private let binder: BinderModel
    private let captioner: LabelCaptioner?

    /// - Parameters:
    ///   - audio: nil where no sound is made.
    ///   - pictures: nil where no pictures are made.
    ///   - captioner: chooses a label for samples without a caption; nil leaves them without.
    package init(
        audio: AudioModels?, pictures: PictureModels?, binder: BinderModel, captioner: LabelCaptioner? = nil
    ) {
        self.audio = audio
        self.pictures = pictures
        self.binder = binder
        self.captioner = captioner
    }

    /// Samples of one second of sound.
    package static let samplingRate = 16_000

    /// The factor between the latent that is stored and what the decoder was trained on.
    package func latentScale(_ modality: Modality) -> Double? {
        let vae = modality == .audio ? audio?.vae : modality == .vision ? pictures?.vae : nil
        return vae.map { $0.configuration.scalingFactor ?? 0.18215 }
    }

    /// Makes samples together. A sample's result depends on its neighbours only through the rounding of batched kernels.
    ///
    /// - Returns: one result for each request, in order.
    /// - Throws: ``TorchError``, of which ``TorchError/isOutOfMemory`` invites smaller calls; ``AlignerError``;
    ///   ``ConfigurationError`` for numbers that schedule or networks do not have; what the observer throws.
    package func generate(
        _ requests: [GenerationRequest], _ settings: GenerationSettings, observer: (any AlignerObserver)? = nil
    ) throws -> [GenerationResult] {
        guard !requests.isEmpty else { return [] }
        let conditions = try observer.timed("conditions") {
            try SampleConditions(requests, settings, binder: binder, captioner: captioner)
        }
        binder.releasePages()
        let prompts = conditions.captions.map { $0 ?? "" }
        let negative = requests.map(\.negativePrompt)
        let seeds = requests.map(\.seed)
        var parts: [any GeneratedPart] = []
        if let sound = settings.sound {
            guard let audio else { throw PipelineError.notLoaded("AudioLDM", "sound") }
            parts.append(
                try SoundPart(
                    audio, binder.network, sound, settings, prompts: prompts, negative: negative, seeds: seeds, observer
                ))
        }
        if let wanted = settings.pictures {
            guard let pictures else { throw PipelineError.notLoaded("Stable Diffusion", "pictures") }
            parts.append(
                try PicturePart(
                    pictures, binder.network, wanted, settings, prompts: prompts, negative: negative, seeds: seeds,
                    observer))
        }
        let aligner = Aligner(
            guidance: settings.guidance, terms: Self.terms(parts.map(\.stream.modality)),
            conditions: conditions.embeddings, missing: conditions.missing)
        let outcome = try aligner.denoise(
            parts.map(\.stream), latents: parts.map(\.noise), prompts: parts.map(\.prompts), observer: observer)
        var results = requests.indices.map { GenerationResult.Draft(label: conditions.labels[$0], outcome.losses[$0]) }
        for (part, latent) in zip(parts, outcome.latents) {
            try part.finish(latent, into: &results, observer)
        }
        return results.map(\.result)
    }

    /// Every pair of modalities of which at least one is generated (eq. 14–16).
    static func terms(_ generated: [Modality]) -> [AlignmentTerm] {
        let pairs = [AlignmentTerm(.vision, .text), AlignmentTerm(.vision, .audio), AlignmentTerm(.audio, .text)]
        return pairs.filter { pair in generated.contains { pair.involves($0) } }
    }
}

/// Why a pipeline cannot make what it is asked for.
package enum PipelineError: Error, CustomStringConvertible {
    /// The models of a modality were not loaded.
    case notLoaded(_ models: String, _ product: String)

    package var description: String {
        switch self {
        case .notLoaded(let models, let product):
            "\(product) was asked for, and \(models) was not loaded: name it under `models` in the job file."
        }
    }
}
