/// An interval for the mean of scores of samples, by drawing as many of them again, with repetition, many times.
package struct Bootstrap: Sendable {
    /// How often the sample is drawn.
    package var draws = 1000
    /// How likely the mean lies within, by this measure.
    package var level = 0.95
    /// Of the first draw; the next ones count on.
    package var seed: UInt64 = 0

    package init() {}

    /// The lower and the upper percentile of the means.
    /// - Parameter scores: at least one.
    package func interval(_ scores: [Double]) -> (low: Double, high: Double) {
        let count = Double(scores.count)
        let means = (0..<draws).map { draw in
            var numbers = CongruentialNumbers(seed: seed + UInt64(draw) + 1)
            let sum = scores.indices.reduce(0.0) { sum, _ in
                sum + scores[min(Int((numbers.next() + 1) / 2 * count), scores.count - 1)]
            }
            return sum / count
        }.sorted()
        let low = Int((1 - level) / 2 * Double(draws))
        let high = Int((1 + level) / 2 * Double(draws)) - 1
        return (means[min(low, draws - 1)], means[min(max(high, 0), draws - 1)])
    }
}

/// A linear congruential generator of 64 bits that any language has in two lines: `s ← A s + C`, of which the upper 53 bits
/// become a number within −1…1.
package struct CongruentialNumbers: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// The next number, −1 ≤ x < 1.
    package mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / 9_007_199_254_740_992 * 2 - 1
    }
}
