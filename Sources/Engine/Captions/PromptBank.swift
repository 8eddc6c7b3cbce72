internal import Synchronization
internal import Torch

/// The audio model's prompt embeddings of a list of captions, made once.
package final class PromptBank: Sendable {
    private static let batch = 64

    private let models: AudioLDMModels
    private let captions: [String]
    private let made = Mutex<Tensor?>(nil)

    init(_ models: AudioLDMModels, captions: [String]) {
        self.models = models
        self.captions = captions
    }

    /// `[captions, width]`, unit length, single precision.
    func embeddings() throws -> Tensor {
        try made.withLock { made in
            if let made { return made }
            let parts = try stride(from: 0, to: captions.count, by: Self.batch).map { start in
                try models.embed(
                    Array(captions[start..<min(start + Self.batch, captions.count)]), limit: models.promptLimit)
            }
            let all = try Tensor.cat(parts, 0)
            made = all
            return all
        }
    }

    /// One prompt for each sample: prompts lie on a sphere, so that a weighted sum of several is one too once it has its
    /// length again, `y = unit(Σ w_k y_k)`.
    ///
    /// - Parameters:
    ///   - words: of each sample; nil for one that keeps its own prompt.
    ///   - own: `[B, width]` of the samples' own captions.
    func mixed(_ words: [FoundWords?], own: Tensor) throws -> Tensor {
        guard words.contains(where: { $0 != nil }) else { return own }
        let bank = try embeddings()
        return try Tensor.cat(
            words.enumerated().map { sample, words in
                let prompt = try own.narrow(0, from: sample, count: 1)
                guard let words else { return prompt }
                let weights = try Tensor(words.weights.map(Float.init), shape: [1, captions.count])
                    .uploaded(to: bank.device)
                return try weights.matmul(bank).adding(prompt, scaledBy: words.own ?? 0).normalized()
            }, 0)
    }
}
