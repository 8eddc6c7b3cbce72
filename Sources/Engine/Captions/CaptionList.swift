internal import Torch

/// The captions that guides choose from, and what they may do with them.
package struct CaptionList: Sendable {
    /// nil: there is no list.
    let captioner: LabelCaptioner?
    /// The audio model's prompts of the list; nil where no audio is made.
    let prompts: PromptBank?

    init(_ captioner: LabelCaptioner?, audio: AudioLDMModels?) {
        self.captioner = captioner
        prompts = captioner.flatMap { list in audio.map { PromptBank($0, captions: list.labels) } }
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
