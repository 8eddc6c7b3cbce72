/// What a captioner said.
package struct ModelCaption: Sendable, Equatable {
    /// As it was decoded, special tokens left out.
    package let text: String
    /// The mean logarithm of the probability of a token, as the model's length penalty weighs it.
    package let score: Float
    /// Whether it ended because it might not become longer.
    package let isCut: Bool
}
