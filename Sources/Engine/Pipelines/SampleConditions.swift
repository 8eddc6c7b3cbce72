package import Method
package import Networks
package import Torch

/// What steers the samples of a run, embedded once for all its steps.
struct SampleConditions {
    /// `[B, width]` each.
    let embeddings: [Modality: Tensor]
    /// Samples, by index, without an embedding of a modality that others have.
    let missing: [Modality: Set<Int>]
    /// Of the requests.
    let captions: [String?]
    /// What the binder makes of the list for each sample; nil where its own caption is the prompt.
    let words: [FoundWords?]
    /// How well each caption fits; nil where that was not asked for.
    let trust: [Double?]
    /// With what a sample's result is compared, `[1, width]`: what steers it, else its caption.
    let targets: [Tensor?]

    /// - Parameters:
    ///   - captions: in place of the requests' own.
    ///   - given: embeddings `[1, width]` of videos that were made first; they steer in place of the requests' conditions.
    init(
        _ requests: [GenerationRequest], captions: [String?], given: [Tensor]?, _ settings: GenerationSettings,
        _ binder: BinderModel, _ list: CaptionList
    ) throws {
        let guidance = settings.guidance
        let steering: [(modality: Modality, embedding: Tensor)?] =
            try given.map { $0.map { (.video, $0) } }
            ?? requests.map { request in
                try request.condition.map {
                    ($0.modality, try request.embedding ?? binder.embed($0, settings.clips))
                }
            }
        self.captions = captions
        let isRead = settings.usesCaptions || guidance.readsList || steering.contains { $0 == nil }
        let texts =
            isRead && captions.contains { $0 != nil } ? try binder.embed(captions.map { $0 ?? "" }) : nil
        func text(_ sample: Int) throws -> Tensor? {
            captions[sample] == nil ? nil : try texts?.narrow(0, from: sample, count: 1)
        }
        targets = try steering.indices.map { try steering[$0]?.embedding ?? text($0) }
        let fits = try steering.indices.map { sample -> Fit? in
            guard guidance.readsList, let captioner = list.captioner, let steering = steering[sample] else {
                return nil
            }
            let c = try steering.embedding.doubles()
            return Fit(
                list: try captioner.cosines(with: c),
                own: try text(sample).map { BinderScore.cosine(try $0.doubles(), c) })
        }
        words = fits.map { fit in
            fit.flatMap { fit in
                guidance.words.map { FoundWords(cosines: fit.list, own: fit.own, temperature: $0.temperature) }
            }
        }
        trust = fits.map { fit in fit.flatMap { fit in fit.own.map { CaptionTrust.of($0, beside: fit.list) } } }
        var embeddings: [Modality: Tensor] = [:]
        var missing: [Modality: Set<Int>] = [:]
        for modality in [Modality.video, .audio] {
            let rows = steering.map { $0?.modality == modality ? $0?.embedding : nil }
            guard let some = rows.compactMap({ $0 }).first else { continue }
            embeddings[modality] = try Tensor.cat(rows.map { $0 ?? some }, 0)
            let absent = Set(rows.indices.filter { rows[$0] == nil })
            if !absent.isEmpty { missing[modality] = absent }
        }
        if settings.usesCaptions, let texts {
            embeddings[.caption] = texts
            let absent = Set(captions.indices.filter { captions[$0] == nil })
            if !absent.isEmpty { missing[.caption] = absent }
        }
        self.embeddings = embeddings
        self.missing = missing
    }

    /// Cosines of captions with what steers a sample.
    private struct Fit {
        let list: [Double]
        let own: Double?
    }
}

extension BinderModel {
    /// What steers a sample, `[1, width]`, single precision.
    /// - Parameter clips: how audio is read.
    package func embed(_ condition: GenerationRequest.Condition, _ clips: ClipSettings) throws -> Tensor {
        switch condition {
        case .clips(let clips):
            return try network.vision(ImageBindVisionInput.clips(clips).to(dtype, device: device)).to(.float32)
        case .image(let image):
            return try network.vision(ImageBindVisionInput.image(image).to(dtype, device: device)).to(.float32)
        case .audio(let samples, let count):
            let wave = try Tensor(samples, shape: [1, 1, samples.count]).to(device: device)
            let input = try ImageBindAudioInput(clips, device: device)(wave, clips: count)
            return try network.audio(input.to(dtype)).to(.float32)
        }
    }
}
