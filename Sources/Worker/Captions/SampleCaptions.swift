internal import Engine
internal import Method
internal import Planning
internal import Torch

/// Captions samples as a job says: what the manifest says counts, and what stands in for it else.
struct SampleCaptions: Sendable {
    private let captioners: [any Captioner]
    private let needsEmbedding: Bool
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
            if let settings = job.captioner {
                captioners.append(try ModelCaptions(settings, device: device))
            }
        }
        self.captioners = captioners
        needsEmbedding = job.caption == .labels
    }

    /// The input with its caption.
    /// - Throws: ``SampleFailure``; errors of the device.
    func captioned(_ sample: PlannedSample, _ input: SampleInput) throws -> SampleInput {
        var input = input
        // Computed once: what the label is chosen by steers the sample as well.
        if needsEmbedding, sample.prompt == nil, let condition = input.condition {
            input.embedding = try pipeline.embed(condition, job.clips)
        }
        for captioner in captioners where input.caption == nil {
            input.caption = try captioner.caption(sample, input)
        }
        input.captioned = nil
        return input
    }
}
