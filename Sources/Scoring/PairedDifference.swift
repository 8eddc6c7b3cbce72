internal import Evaluation
package import Files

/// The mean of b − a over the samples that both have a value of.
package struct PairedDifference: Sendable, Encodable {
    package let difference: Double
    /// The 95 % interval, bootstrapped over pairs.
    package let low: Double
    package let high: Double
    /// How many pairs there are, and how many values either side has.
    package let pairs: Int
    package let samplesA: Int
    package let samplesB: Int

    private enum CodingKeys: String, CodingKey {
        case difference, low, high, pairs
        case samplesA = "samples_a"
        case samplesB = "samples_b"
    }

    /// nil where no sample has both values, or a difference is not finite.
    package init?(_ a: [ExactText: Double], _ b: [ExactText: Double]) {
        let differences = a.keys.sorted().compactMap { name in a[name].flatMap { one in b[name].map { $0 - one } } }
        guard !differences.isEmpty, differences.allSatisfy(\.isFinite) else { return nil }
        let interval = Bootstrap().interval(differences)
        let mean = differences.reduce(0, +) / Double(differences.count)
        guard mean.isFinite, interval.low.isFinite, interval.high.isFinite else { return nil }
        (difference, low, high, pairs) = (mean, interval.low, interval.high, differences.count)
        (samplesA, samplesB) = (a.count, b.count)
    }
}
