internal import Engine
internal import Files
internal import Method
internal import Planning
internal import Torch

/// What steers one sample, read from its file.
struct SampleInput: Sendable {
    /// nil where the caption alone steers.
    let condition: GenerationRequest.Condition?
    /// What the sample's document says about it.
    var facts = Facts()
    /// The binder's embedding of the condition, where a caption was chosen by it.
    var embedding: Tensor?
    /// What the sample is told; nil: nothing.
    var caption: SampleCaption?
    /// What a captioner reads; nil where none is asked, or has answered.
    var captioned: CaptionedInput?
    /// How the file looked while it was the planned one; nil where there is none.
    var stamp: FileStamp?

    struct Facts: Sendable, Equatable {
        /// The frame of a video that stands for it, in seconds from the file's first.
        var keyFrame: Double?
        /// Who chose it, where the job asked for another choice than ours.
        var keyFrameRule: KeyFrameRule?
        /// Silence put behind audio that ends before the sample does, in seconds.
        var padded: Double?
        /// The largest magnitude of audio.
        var peak: Float?
    }
}

extension SampleInput {
    /// The input with its caption.
    /// - Throws: ``EmptyCaption``; errors of the device.
    func captioned(_ sample: PlannedSample, by captions: SampleCaptions) throws -> SampleInput {
        var input = self
        (input.caption, input.embedding) = try captions(
            key: sample.key, prompt: sample.prompt, condition: condition, media: captioned)
        input.captioned = nil
        return input
    }
}
