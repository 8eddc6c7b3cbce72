/// What a sample is told, and who told it.
package struct SampleCaption: Sendable, Equatable {
    package enum Source: String, Sendable {
        /// The row of the manifest.
        case manifest
        /// The nearest of a list.
        case labels
        /// A captioner that looked or listened.
        case model
    }

    package let text: String
    package let source: Source
    /// Of a label's embedding with that of what steers the sample, −1 … 1.
    package let cosine: Double?
    /// Of a captioner's text: the mean logarithm of the probability of a token.
    package let score: Double?

    package init(text: String, source: Source, cosine: Double? = nil, score: Double? = nil) {
        self.text = text
        self.source = source
        self.cosine = cosine
        self.score = score
    }
}
