internal import Foundation
internal import Method

/// What the binder makes of a list of captions for one sample: `w = softmax(cos(T_k, c) / temperature)` over those of the list
/// and the sample's own.
package struct FoundWords: Sendable, Equatable {
    /// A caption and its weight, 0 … 1.
    package struct Word: Sendable, Equatable {
        package let text: String
        package let weight: Double
        /// Of its embedding with that of what steers the sample.
        package let cosine: Double
    }

    /// Of the sample's own caption; nil where it has none.
    package let own: Double?
    /// Of the list's captions, in order.
    package let weights: [Double]
    private let cosines: [Double]
    private let ownCosine: Double?

    /// - Parameters:
    ///   - cosines: of the list's captions with what steers the sample.
    ///   - own: of the sample's own caption.
    ///   - temperature: above 0.
    init(cosines: [Double], own: Double?, temperature: Double) {
        let all = Softmax.weights((own.map { [$0] } ?? []) + cosines, temperature: temperature)
        self.own = own == nil ? nil : all.first
        (self.cosines, ownCosine) = (cosines, own)
        weights = Array(own == nil ? all[...] : all.dropFirst())
    }

    /// The weightiest captions, of some weight.
    ///
    /// - Parameters:
    ///   - labels: the list.
    ///   - caption: the sample's own.
    func words(_ labels: [String], caption: String?) -> [Word] {
        var words = zip(labels, zip(weights, cosines)).map { Word(text: $0, weight: $1.0, cosine: $1.1) }
        if let own, let ownCosine, let caption {
            // The list may have the same caption.
            let same = words.filter { $0.text == caption }.reduce(own) { $0 + $1.weight }
            words.removeAll { $0.text == caption }
            words.append(Word(text: caption, weight: same, cosine: ownCosine))
        }
        return Array(
            words.filter { $0.weight >= 0.01 }.sorted { ($0.weight, $1.text) > ($1.weight, $0.text) }.prefix(5))
    }

    /// The place in the list of the likeliest caption; nil where it is the sample's own. Of equals the own one, then the
    /// first.
    var likeliest: Int? {
        guard
            let best = weights.indices.max(by: { weights[$0] < weights[$1] || (weights[$0] == weights[$1] && $0 > $1) })
        else { return nil }
        if let own, own >= weights[best] { return nil }
        return best
    }
}

/// Weights of candidates by their scores.
enum Softmax {
    static func weights(_ scores: [Double], temperature: Double) -> [Double] {
        let highest = scores.max() ?? 0
        let exponentials = scores.map { Foundation.exp(($0 - highest) / temperature) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }

    /// The candidate at a place of the weights laid end to end.
    /// - Parameter draw: 0 … 1, below 1.
    static func drawn(_ weights: [Double], at draw: Double) -> Int {
        var reached = 0.0
        for (index, weight) in weights.enumerated() {
            reached += weight
            if draw < reached { return index }
        }
        // The sum may end a rounding below the draw.
        return weights.lastIndex { $0 > 0 } ?? 0
    }
}

/// How well a caption fits what steers a sample, beside a list of others:
/// `τ = clamp((cos(e_p, c) − mean_k cos(T_k, c)) / (max_k cos(T_k, c) − mean_k cos(T_k, c)), 0, 1)`.
enum CaptionTrust {
    /// - Parameters:
    ///   - own: cosine of the caption with what steers the sample.
    ///   - cosines: of the list's captions with it.
    /// - Returns: 0 for a caption that fits as the mean of the list or worse, 1 for one that fits as its best; 1 beside a
    ///   list that is too short.
    static func of(_ own: Double, beside cosines: [Double]) -> Double {
        guard cosines.count >= NoiseGuidanceSettings.leastCaptions, let best = cosines.max() else { return 1 }
        let mean = cosines.reduce(0, +) / Double(cosines.count)
        guard best > mean else { return own >= best ? 1 : 0 }
        return min(max((own - mean) / (best - mean), 0), 1)
    }
}
