internal import Method
internal import Networks
internal import Torch

/// What steers the samples of a call, embedded once for the whole run.
struct SampleConditions {
    /// `[B, width]` each; none without guidance.
    let embeddings: [Modality: Tensor]
    /// Samples, by index, without an embedding of a modality that others have.
    let missing: [Modality: Set<Int>]
    /// Of the request, or a label's; nil where there is neither.
    let captions: [String?]
    let labels: [GenerationResult.Label?]

    init(
        _ requests: [GenerationRequest], _ settings: GenerationSettings, binder: BinderModel,
        captioner: LabelCaptioner?
    ) throws {
        let guided = settings.guidance != .off
        let needsLabel = requests.map { captioner != nil && $0.caption == nil && $0.condition != nil }
        // Only what the loss or the choice of a label will read is embedded.
        let seen = try zip(requests, needsLabel).map { request, needsLabel in
            guided || needsLabel ? try request.condition.map { try Self.embed($0, settings, binder) } : nil
        }
        var labels = [GenerationResult.Label?](repeating: nil, count: requests.count)
        if let captioner {
            for (index, embedding) in seen.enumerated() where needsLabel[index] {
                guard let embedding, let nearest = try captioner.nearest(to: embedding).first else { continue }
                labels[index] = GenerationResult.Label(text: nearest.label, cosine: nearest.cosine)
            }
        }
        self.labels = labels
        let captions = zip(requests, labels).map { $0.caption ?? $1?.text }
        self.captions = captions
        guard guided else {
            (embeddings, missing) = ([:], [:])
            return
        }
        var embeddings: [Modality: Tensor] = [:]
        var missing: [Modality: Set<Int>] = [:]
        let steering = zip(requests, seen).map { request, embedding in
            request.condition.flatMap { condition in embedding.map { (condition.modality, $0) } }
        }
        for modality in [Modality.video, .audio] {
            let rows = steering.map { $0?.0 == modality ? $0?.1 : nil }
            guard let some = rows.compactMap({ $0 }).first else { continue }
            embeddings[modality] = try Tensor.cat(rows.map { $0 ?? some }, 0)
            let absent = Set(rows.indices.filter { rows[$0] == nil })
            if !absent.isEmpty { missing[modality] = absent }
        }
        if settings.usesCaptions, captions.contains(where: { $0 != nil }) {
            embeddings[.caption] = try binder.embed(captions.map { $0 ?? "" })
            let absent = Set(captions.indices.filter { captions[$0] == nil })
            if !absent.isEmpty { missing[.caption] = absent }
        }
        self.embeddings = embeddings
        self.missing = missing
    }

    /// `[1, width]`, single precision.
    private static func embed(
        _ condition: GenerationRequest.Condition, _ settings: GenerationSettings, _ binder: BinderModel
    ) throws -> Tensor {
        let (dtype, device) = (binder.dtype, binder.device)
        switch condition {
        case .clips(let clips):
            return try binder.network.vision(ImageBindVisionInput.clips(clips).to(dtype, device: device)).to(.float32)
        case .image(let image):
            return try binder.network.vision(ImageBindVisionInput.image(image).to(dtype, device: device)).to(.float32)
        case .audio(let samples, let clips):
            let wave = try Tensor(samples, shape: [1, 1, samples.count]).to(device: device)
            let input = try ImageBindAudioInput(settings.clips, device: device)(wave, clips: clips)
            return try binder.network.audio(input.to(dtype)).to(.float32)
        }
    }
}
