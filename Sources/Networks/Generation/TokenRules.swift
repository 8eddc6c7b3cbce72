internal import Foundation

/// What the settings of a generation make of the scores of tokens that may follow.
///
/// Source: transformers `generation/logits_process.py`, in the order of `GenerationMixin._get_logits_processor`.
struct TokenRules {
    let settings: TextGenerationSettings
    /// Tokens of the prompt.
    let prompt: Int

    /// - Parameters:
    ///   - scores: of every token: logits where the likeliest is taken, else logarithms of probabilities.
    ///   - text: what was said so far, the prompt included.
    func apply(to scores: inout [Float], after text: [Int32]) {
        penalize(&scores, text)
        banNgrams(&scores, text)
        force(&scores, text)
        for token in settings.suppressed { forbid(token, &scores) }
        if text.count == prompt { for token in settings.suppressedFirst { forbid(token, &scores) } }
    }

    private func penalize(_ scores: inout [Float], _ text: [Int32]) {
        guard settings.repetitionPenalty != 1 else { return }
        let penalty = Float(settings.repetitionPenalty)
        for token in Set(text) where scores.indices.contains(Int(token)) {
            let score = scores[Int(token)]
            scores[Int(token)] = score < 0 ? score * penalty : score / penalty
        }
    }

    private func banNgrams(_ scores: inout [Float], _ text: [Int32]) {
        let size = settings.noRepeatNgramSize
        guard size > 0, text.count + 1 >= size else { return }
        let tail = text.suffix(size - 1)
        for start in 0..<max(0, text.count - size + 1) where text[start..<start + size - 1].elementsEqual(tail) {
            forbid(text[start + size - 1], &scores)
        }
    }

    private func force(_ scores: inout [Float], _ text: [Int32]) {
        let forced = [(1, settings.forcedStart), (settings.maximumLength - 1, settings.forcedEnd)]
        for case (text.count, let token?) in forced where scores.indices.contains(Int(token)) {
            for place in scores.indices { scores[place] = -.infinity }
            scores[Int(token)] = 0
        }
    }

    private func forbid(_ token: Int32, _ scores: inout [Float]) {
        if scores.indices.contains(Int(token)) { scores[Int(token)] = -.infinity }
    }
}

/// Logarithms of probabilities out of logits.
func logSoftmax(_ logits: [Float]) -> [Float] {
    let top = logits.max() ?? 0
    let sum = logits.reduce(into: 0.0) { $0 += Double(Foundation.exp($1 - top)) }
    let offset = top + Float(Foundation.log(sum))
    return logits.map { $0 - offset }
}
