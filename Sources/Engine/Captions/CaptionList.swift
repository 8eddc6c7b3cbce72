internal import Torch

/// The captions that a pipeline may choose from, and what it may do with them.
package struct CaptionList: Sendable {
    /// nil: there is no list.
    let captioner: LabelCaptioner?
    /// Whether the nearest caption stands in where a sample has none.
    let standsIn: Bool
    /// The audio model's prompts of the list; nil where no audio is made.
    let prompts: PromptBank?

    init(_ captioner: LabelCaptioner?, standsIn: Bool, audio: AudioLDMModels?) {
        self.captioner = captioner
        self.standsIn = standsIn
        prompts = captioner.flatMap { list in audio.map { PromptBank($0, captions: list.labels) } }
    }

    /// The labels that stand in for missing captions.
    ///
    /// - Parameters:
    ///   - captions: of the samples.
    ///   - steering: what steers each, `[1, width]`.
    func labels(for captions: [String?], _ steering: [Tensor?]) throws -> [GenerationResult.Label?] {
        guard standsIn, let captioner else { return captions.map { _ in nil } }
        return try zip(captions, steering).map { caption, embedding in
            guard caption == nil, let embedding, let nearest = try captioner.nearest(to: embedding).first else {
                return nil
            }
            return GenerationResult.Label(text: nearest.label, cosine: nearest.cosine)
        }
    }

    /// In place of a caption one of the list that says everything, drawn by how near it lies:
    /// `softmax(cos(e_p, T_k) / temperature)`. What a caption leaves open is then decided.
    ///
    /// - Parameter seed: of the sample, which decides the draw.
    func definite(_ caption: Tensor, temperature: Double, seed: UInt64) throws -> String? {
        guard let captioner else { return nil }
        let weights = Softmax.weights(try captioner.cosines(with: caption.doubles()), temperature: temperature)
        return captioner.labels[Softmax.drawn(weights, at: Beginning.draw("caption", seed))]
    }
}
