internal import ClipSampling
internal import Engine
internal import Torch

/// What is told of.
struct CaptionInput: Sendable {
    /// The sample's key, for messages.
    let key: String
    /// What the manifest says; nil: nothing.
    let prompt: String?
    /// What a model would look at or listen to; nil where none is asked.
    let media: CaptionedInput?
    /// The binder's embedding of what steers the sample, where a captioner goes by it.
    let embedding: Tensor?
}

/// What a model looks at or listens to.
enum CaptionedInput: Sendable {
    /// An image, or the frame that stands for a video.
    case image(Image)
    /// At 16 kHz, mono, −1 … 1.
    case audio([Float])
}

/// Tells what a sample is of.
protocol Captioner: Sendable {
    /// - Returns: nil where there is nothing that it could tell of.
    /// - Throws: ``EmptyCaption``; errors of the device.
    func caption(_ input: CaptionInput) throws -> SampleCaption?
}

/// A captioner that said nothing.
struct EmptyCaption: Error, CustomStringConvertible {
    let key: String

    var description: String {
        "the captioner said nothing about '\(key)': give the row a prompt, or leave it out."
    }
}

/// What the manifest says.
struct ManifestCaptions: Captioner {
    func caption(_ input: CaptionInput) -> SampleCaption? {
        input.prompt.map { SampleCaption(text: $0, source: .manifest) }
    }
}

/// The nearest label of a list, in the binder's space.
struct LabelCaptions: Captioner {
    let labels: LabelCaptioner

    func caption(_ input: CaptionInput) throws -> SampleCaption? {
        guard let embedding = input.embedding, let nearest = try labels.nearest(to: embedding).first else { return nil }
        return SampleCaption(text: nearest.label, source: .labels, cosine: nearest.cosine)
    }
}
