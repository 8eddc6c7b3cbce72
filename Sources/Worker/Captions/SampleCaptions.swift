internal import Engine
internal import Planning
internal import Torch

/// Captions samples as a job says: what the manifest says counts, and what stands in for it else.
struct SampleCaptions: Sendable {
    private let captioners: [any Captioner]
    private let pipeline: GenerationPipeline
    private let job: Job

    /// - Throws: errors of loading the captioners.
    init(_ job: Job, _ pipeline: GenerationPipeline, device: Device) throws {
        self.job = job
        self.pipeline = pipeline
        var captioners: [any Captioner] = [ManifestCaptions()]
        switch job.caption {
        case .none: break
        case .labels: captioners += pipeline.labels.map { [LabelCaptions(labels: $0)] } ?? []
        case .model:
            if let settings = job.captioner { captioners.append(try ModelCaptions(settings, device: device)) }
        }
        self.captioners = captioners
    }

    /// What a sample is told, and the binder's embedding of what steers it where that was asked for: it steers the sample as
    /// well, and is computed once.
    /// - Throws: ``EmptyCaption``; errors of the device.
    func callAsFunction(
        key: String, prompt: String?, condition: GenerationRequest.Condition?, media: CaptionedInput?
    ) throws -> (caption: SampleCaption?, embedding: Tensor?) {
        let isLabelled = job.caption == .labels && prompt == nil
        let embedding = isLabelled ? try condition.map { try pipeline.embed($0, job.clips) } : nil
        let input = CaptionInput(key: key, prompt: prompt, media: media, embedding: embedding)
        for captioner in captioners {
            if let caption = try captioner.caption(input) { return (caption, embedding) }
        }
        return (nil, embedding)
    }
}
