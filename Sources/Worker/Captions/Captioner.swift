internal import Engine
internal import Planning

/// Tells what a sample is of.
protocol Captioner: Sendable {
    /// - Returns: nil where there is nothing that it could tell of.
    /// - Throws: ``SampleFailure`` where this sample cannot be captioned.
    func caption(_ sample: PlannedSample, _ input: SampleInput) throws -> SampleCaption?
}

/// What the manifest says.
struct ManifestCaptions: Captioner {
    func caption(_ sample: PlannedSample, _ input: SampleInput) -> SampleCaption? {
        sample.prompt.map { SampleCaption(text: $0, source: .manifest) }
    }
}

/// The nearest label of a list, in the binder's space.
struct LabelCaptions: Captioner {
    let labels: LabelCaptioner

    func caption(_ sample: PlannedSample, _ input: SampleInput) throws -> SampleCaption? {
        guard let embedding = input.embedding, let nearest = try labels.nearest(to: embedding).first else { return nil }
        return SampleCaption(text: nearest.label, source: .labels, cosine: nearest.cosine)
    }
}
