internal import Engine
internal import Files

/// What steers one sample, read from its file.
struct SampleInput: Sendable {
    /// nil where the caption alone steers.
    let condition: GenerationRequest.Condition?
    /// What the sample's document says about it.
    var facts = Facts()
    /// How the file looked while it was the planned one; nil where there is none.
    var stamp: FileStamp?

    struct Facts: Sendable, Equatable {
        /// The frame of a video that stands for it, in seconds from the file's first.
        var keyFrame: Double?
        /// Silence put behind audio that ends before the sample does, in seconds.
        var padded: Double?
        /// The largest magnitude of audio.
        var peak: Float?
    }
}
