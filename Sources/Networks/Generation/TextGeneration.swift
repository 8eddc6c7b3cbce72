internal import Foundation

/// Texts out of a language model: the likeliest token each time, or a search with several beams.
///
/// One text at a time: rounding differs with the number of texts that are computed together, and could turn one token into
/// another.
///
/// Source: transformers 4.57 `GenerationMixin._sample` without sampling, `_beam_search`.
package struct TextGeneration: Sendable {
    package let settings: TextGenerationSettings

    package init(_ settings: TextGenerationSettings) { self.settings = settings }

    /// - Parameter prompt: the first tokens, at least one, fewer than ``TextGenerationSettings/maximumLength``.
    package func callAsFunction(
        _ source: inout some TokenSource, prompt: [Int32]
    ) throws -> GeneratedText {
        settings.beams > 1 ? try search(&source, prompt) : try likeliest(&source, prompt)
    }

    private func likeliest(
        _ source: inout some TokenSource, _ prompt: [Int32]
    ) throws -> GeneratedText {
        let rules = TokenRules(settings: settings, prompt: prompt.count)
        var text = prompt
        var sum: Float = 0
        var logits = try source.begin(prompt)
        while text.count < settings.maximumLength {
            let chances = logSoftmax(logits)
            rules.apply(to: &logits, after: text)
            let token = logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) } ?? 0
            sum += chances[token]
            text.append(Int32(token))
            if text.last == settings.end || text.count == settings.maximumLength { break }
            logits = try source.next([Int32(token)], after: [0])[0]
        }
        return GeneratedText(
            tokens: Array(text.dropFirst(prompt.count)), score: sum / power(text.count - prompt.count))
    }

    /// A length to the power of the penalty.
    private func power(_ length: Int) -> Float { Float(Foundation.pow(Double(length), settings.lengthPenalty)) }

    // MARK: - Beams

    private struct Hypothesis {
        var text: [Int32]
        var score: Float
        /// Of the former texts the one that it goes on with.
        var parent = 0
    }

    /// Far below any score, yet finite, as transformers has it: a sum of two is not the same as one.
    private static let low: Float = -1e9

    private func search(
        _ source: inout some TokenSource, _ prompt: [Int32]
    ) throws -> GeneratedText {
        let rules = TokenRules(settings: settings, prompt: prompt.count)
        let beams = settings.beams
        var running = (0..<beams).map { Hypothesis(text: prompt, score: $0 == 0 ? 0 : Self.low) }
        var finished: [Hypothesis] = []
        var canImprove = true
        let first = try source.begin(prompt)
        var logits = Array(repeating: first, count: beams)
        while true {
            let candidates = best(2 * beams, of: running, logits, rules)
            let stops = candidates.map { $0.text.last == settings.end || $0.text.count >= settings.maximumLength }
            let length = candidates[0].text.count - prompt.count

            let isFull = finished.count == beams
            if canImprove, !(isFull && settings.earlyStopping == .yes) {
                for (place, candidate) in candidates.prefix(beams).enumerated() where stops[place] {
                    let score = candidate.score / power(length)
                    // What the rules forbid is no text, also where nothing else is left.
                    if score > Self.low { finished.append(Hypothesis(text: candidate.text, score: score)) }
                }
                finished = stable(finished, count: beams)
            }
            running = stable(
                zip(candidates, stops).map { candidate, stops in
                    stops
                        ? Hypothesis(
                            text: candidate.text, score: candidate.score + Self.low, parent: candidate.parent)
                        : candidate
                }, count: beams)

            let isFullNow = finished.count == beams
            let reach =
                settings.earlyStopping == .never && settings.lengthPenalty > 0
                ? settings.maximumLength - prompt.count : length
            let worst = isFullNow ? finished[beams - 1].score : Self.low
            canImprove = canImprove && running[0].score / power(reach) > worst
            if !canImprove || (settings.earlyStopping == .yes && isFullNow) || stops.allSatisfy(\.self) {
                let winner = finished.first ?? running[0]
                return GeneratedText(tokens: Array(winner.text.dropFirst(prompt.count)), score: winner.score)
            }
            // At first all go on with the prompt, which the source has once.
            let parents = length == 1 ? Array(repeating: 0, count: beams) : running.map(\.parent)
            logits = try source.next(running.compactMap(\.text.last), after: parents)
        }
    }

    /// The best ways to go on by a token, the best first; of equal ones the earlier.
    private func best(
        _ count: Int, of running: [Hypothesis], _ logits: [[Float]], _ rules: TokenRules
    ) -> [Hypothesis] {
        var top = BestFew(count)
        for (place, hypothesis) in running.enumerated() {
            var scores = logSoftmax(logits[place])
            rules.apply(to: &scores, after: hypothesis.text)
            for (token, score) in scores.enumerated() {
                top.offer(score + hypothesis.score, place * scores.count + token)
            }
        }
        let vocabulary = logits[0].count
        return top.found.map { score, place in
            let parent = place / vocabulary
            return Hypothesis(
                text: running[parent].text + [Int32(place % vocabulary)], score: score, parent: parent)
        }
    }

    /// The first of a list by their scores, equal ones in the order in which they stand.
    private func stable(_ list: [Hypothesis], count: Int) -> [Hypothesis] {
        let order = list.indices.sorted {
            list[$0].score > list[$1].score || (list[$0].score == list[$1].score && $0 < $1)
        }
        return order.prefix(count).map { list[$0] }
    }
}

/// The largest of many numbers, with their places.
private struct BestFew {
    private(set) var found: [(score: Float, place: Int)] = []
    private let count: Int

    init(_ count: Int) { self.count = count }

    mutating func offer(_ score: Float, _ place: Int) {
        if found.count == count {
            guard let last = found.last, score > last.score else { return }
            found.removeLast()
        }
        // Behind those that are as large.
        let at = found.firstIndex { $0.score < score } ?? found.endIndex
        found.insert((score, place), at: at)
    }
}
