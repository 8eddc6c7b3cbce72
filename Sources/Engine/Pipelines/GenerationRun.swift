internal import Method
internal import Networks
internal import Torch

/// One run of the sampler for some samples: what it makes, chosen among its beginnings.
struct GenerationRun {
    let audio: AudioLDMModels?
    let video: StableDiffusionModels?
    let coupled: CoupledModels?
    let binder: BinderModel
    let list: CaptionList
    let settings: GenerationSettings
    let recording: WorkRecorder.Scope?
    let observer: (any SamplerObserver)?

    /// What is left of a sample's beginnings, and what steered them.
    struct Made {
        /// The better first.
        var results: [GenerationResult]
        /// The binder's embedding of the best, `[1, width]`, of each modality that was made.
        let embeddings: [Modality: Tensor]
    }

    /// - Parameters:
    ///   - modalities: what is made, of what the settings have.
    ///   - captions: in place of the requests' own.
    ///   - given: embeddings `[1, width]` of videos that were made first.
    ///   - guidance: in place of the settings'.
    func callAsFunction(
        _ requests: [GenerationRequest], _ modalities: Set<Modality>, captions: [String?], given: [Tensor]? = nil,
        guidance: Guidance
    ) throws -> [Made] {
        var settings = settings
        settings.guidance = guidance
        let conditions = try observer.timed("conditions") {
            try SampleConditions(requests, captions: captions, given: given, settings, binder, list)
        }
        binder.releasePages()
        let beginnings = guidance.beginnings
        let particles = modalities.map { beginnings.count(of: $0) }.max() ?? 1
        let rows = Beginning.all(samples: requests.count, particles: particles)
        let rowsAtOnce = particles > 1 ? max(requests.count, beginnings.rowsAtOnce) : .max
        let input = PartInput(
            rows: rows, requests: requests, prompts: prompts(conditions, guidance),
            negative: requests.map(\.negativePrompt), words: conditions.words, list: list)
        let parts = try parts(modalities, settings, input)
        let score = try BinderScore(targets: conditions.targets)
        var guides: [any Guide] = particles > 1 ? [Tournament(beginnings, score: score)] : []
        if let gradient = try gradient(guidance, conditions, parts.flatMap(\.stream.denoiser.modalities)) {
            guides.append(gradient)
        }
        let outcome = try Sampler(parts.map(\.stream), guides: guides, rowsAtOnce: rowsAtOnce).run(
            latents: parts.map(\.noise), prompts: parts.map(\.prompts), rows: rows, observer: observer)
        return try finish(parts, outcome, conditions, score, rowsAtOnce)
    }

    /// What the denoisers are told: a caption that does not fit is not followed. Words weigh it themselves.
    private func prompts(_ conditions: SampleConditions, _ guidance: Guidance) -> [String] {
        let least =
            if case .noise(let noise) = guidance.gradient, guidance.words == nil { noise.trustBelow } else { 0.0 }
        return zip(conditions.captions, conditions.trust).map { caption, trust in
            trust.map { $0 < least } ?? false ? "" : caption ?? ""
        }
    }

    /// What is generated, with its noise and its prompts.
    private func parts(
        _ modalities: Set<Modality>, _ settings: GenerationSettings, _ input: PartInput
    ) throws -> [any GeneratedPart] {
        if let wanted = settings.sampling.coupled {
            guard let coupled else { throw PipelineError.noCoupledModel }
            return [try CoupledPart(coupled, binder, wanted, settings, input)]
        }
        var parts: [any GeneratedPart] = []
        if let wanted = settings.sampling.audio, modalities.contains(.audio) {
            guard let audio else { throw PipelineError.notLoaded(.audioLDM) }
            parts.append(try AudioPart(audio, binder.network, wanted, settings, input, recording, observer))
        }
        if let wanted = settings.sampling.video, modalities.contains(.video) {
            guard let video else { throw PipelineError.notLoaded(.stableDiffusion) }
            parts.append(try VideoPart(video, binder.network, wanted, settings, input, recording, observer))
        }
        return parts
    }

    private func gradient(
        _ guidance: Guidance, _ conditions: SampleConditions, _ generated: [Modality]
    ) throws -> (any Guide)? {
        let terms = AlignmentTerm.terms(generating: generated)
        switch guidance.gradient {
        case .off: return nil
        case .aligner(let settings):
            return try Aligner(
                settings, terms: terms, conditions: conditions.embeddings, missing: conditions.missing,
                recording: recording)
        case .noise(let settings):
            return try NoiseGuidance(
                settings, terms: terms, conditions: conditions.embeddings, missing: conditions.missing,
                captionWeights: settings.textTerm == .trust ? conditions.trust.map { $0 ?? 1 } : nil,
                recording: recording)
        }
    }

    /// Decodes what is left of every sample, scores it, and puts the better first.
    private func finish(
        _ parts: [any GeneratedPart], _ outcome: Sampler.Outcome, _ conditions: SampleConditions,
        _ score: BinderScore, _ rowsAtOnce: Int
    ) throws -> [Made] {
        var drafts = zip(outcome.rows, outcome.losses).map { GenerationResult.Draft(row: $0, losses: $1) }
        var embeddings: [Modality: Tensor] = [:]
        for (part, latents) in zip(parts, outcome.latents) {
            let own = try part.finish(latents, into: &drafts, rowsAtOnce: rowsAtOnce, observer)
            embeddings.merge(own) { _, last in last }
        }
        let scores = try score(embeddings, rows: outcome.rows)
        let cuts = outcome.guides.compactMap { $0 as? Tournament }.first?.cuts
        return try conditions.captions.indices.map { sample in
            // What is not finite comes last, and of equal scores the lower particle first.
            let places = drafts.indices.filter { drafts[$0].row.sample == sample }.sorted {
                rank(drafts[$0], scores[$0]) > rank(drafts[$1], scores[$1])
            }
            let results = places.map { place in
                GenerationResult(
                    audio: drafts[place].audio, video: drafts[place].video,
                    losses: drafts[place].losses, isFinite: drafts[place].isFinite,
                    choice: GenerationResult.Choice(
                        particle: drafts[place].row.particle, score: scores[place].flatMap { $0.isFinite ? $0 : nil },
                        cuts: cuts?[sample] ?? []),
                    trust: conditions.trust[sample],
                    words: conditions.words[sample]?.words(
                        list.captioner?.labels ?? [], caption: conditions.captions[sample])
                        ?? [])
            }
            return Made(
                results: results,
                embeddings: try embeddings.mapValues { try $0.narrow(0, from: places[0], count: 1) })
        }
    }

    private func rank(_ draft: GenerationResult.Draft, _ score: Double?) -> (Int, Double, Int) {
        (draft.isFinite ? 1 : 0, score.flatMap { $0.isFinite ? $0 : nil } ?? -1, -draft.row.particle)
    }
}
