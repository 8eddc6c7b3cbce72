package import Method
internal import Networks

/// Makes samples of every task: audio for frames, frames for audio, or both from text, guided or not.
///
/// Source: paper, Algorithm 1 and eq. 14–16; diffusers' `AudioLDMPipeline`, `StableDiffusionPipeline` and
/// `AnimateDiffPipeline` for prompts, latents and the cut of the waveform.
package struct GenerationPipeline: Sendable {
    private let audio: AudioLDMModels?
    private let video: StableDiffusionModels?
    private let binder: BinderModel
    private let captioner: LabelCaptioner?
    /// Keeps the steps' work as it was recorded; nil starts it kernel by kernel.
    package var recorder: WorkRecorder?

    /// - Parameters:
    ///   - audio: nil where no audio is made.
    ///   - video: nil where neither videos nor images are made.
    ///   - captioner: chooses a label for samples without a caption; nil leaves them without.
    ///   - recorder: keeps the steps' work as it was recorded, for later calls; nil starts it kernel by kernel. What is
    ///     recorded is not shown to an observer.
    package init(
        audio: AudioLDMModels?, video: StableDiffusionModels?, binder: BinderModel, captioner: LabelCaptioner? = nil,
        recorder: WorkRecorder? = nil
    ) {
        self.recorder = recorder
        self.audio = audio
        self.video = video
        self.binder = binder
        self.captioner = captioner
    }

    /// Samples of one second of audio.
    package static let samplingRate = 16_000

    /// The factor between the latent that is stored and what the decoder was trained on.
    package func latentScale(_ modality: Modality) -> Double? {
        let vae =
            switch modality {
            case .audio: audio?.vae
            case .video: video?.vae
            case .caption: nil as AutoencoderKL?
            }
        return vae.map { $0.configuration.scalingFactor ?? 0.18215 }
    }

    /// Makes samples together. A sample's result depends on its neighbours only through the rounding of batched kernels.
    ///
    /// - Returns: one result for each request, in order.
    /// - Throws: ``TorchError``, of which ``TorchError/isOutOfMemory`` invites smaller calls; ``SamplerError``, ``AlignerError``;
    ///   ``ConfigurationError`` for numbers that schedule or networks do not have; what the observer throws.
    package func generate(
        _ requests: [GenerationRequest], _ settings: GenerationSettings, observer: (any SamplerObserver)? = nil
    ) throws -> [GenerationResult] {
        guard !requests.isEmpty else { return [] }
        let conditions = try observer.timed("conditions") {
            try SampleConditions(requests, settings, binder: binder, captioner: captioner)
        }
        binder.releasePages()
        let recording = recorder?.scope(settings, samples: requests.count)
        let parts = try parts(requests, conditions, settings, recording, observer)
        let sampler = Sampler(
            parts.map(\.stream),
            guide: try guide(
                settings.guidance, conditions, generating: parts.flatMap(\.stream.denoiser.modalities), recording))
        let outcome = try sampler.run(latents: parts.map(\.noise), prompts: parts.map(\.prompts), observer: observer)
        var results = requests.indices.map { GenerationResult.Draft(label: conditions.labels[$0], outcome.losses[$0]) }
        for (part, latents) in zip(parts, outcome.latents) {
            try part.finish(latents, into: &results, observer)
        }
        return results.map(\.result)
    }

    /// What is generated, with its noise and its prompts.
    private func parts(
        _ requests: [GenerationRequest], _ conditions: SampleConditions, _ settings: GenerationSettings,
        _ recording: WorkRecorder.Scope?, _ observer: (any SamplerObserver)?
    ) throws -> [any GeneratedPart] {
        let texts = PromptTexts(
            prompts: conditions.captions.map { $0 ?? "" }, negative: requests.map(\.negativePrompt))
        let seeds = requests.map(\.seed)
        var parts: [any GeneratedPart] = []
        if let wanted = settings.sampling.audio {
            guard let audio else { throw PipelineError.notLoaded(.audioLDM) }
            parts.append(
                try AudioPart(audio, binder.network, wanted, settings, texts, seeds: seeds, recording, observer))
        }
        if let wanted = settings.sampling.video {
            guard let video else { throw PipelineError.notLoaded(.stableDiffusion) }
            parts.append(
                try VideoPart(video, binder.network, wanted, settings, texts, seeds: seeds, recording, observer))
        }
        return parts
    }

    private func guide(
        _ guidance: Guidance, _ conditions: SampleConditions, generating generated: [Modality],
        _ recording: WorkRecorder.Scope?
    ) throws -> (any Guide)? {
        switch guidance.gradient {
        case .off, .noise: nil
        case .aligner(let settings):
            try Aligner(
                settings, terms: AlignmentTerm.terms(generating: generated), conditions: conditions.embeddings,
                missing: conditions.missing, recording: recording)
        }
    }
}

/// Why a pipeline cannot make what it is asked for.
package enum PipelineError: Error, CustomStringConvertible {
    /// A model was not loaded.
    case notLoaded(ModelFamily)

    package var description: String {
        switch self {
        case .notLoaded(let family):
            "this needs \(family.reference), which was not loaded: name it under models.\(family.rawValue) in the job file."
        }
    }
}
