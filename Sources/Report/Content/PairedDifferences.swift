internal import Evaluation

extension [ReportedSample] {
    /// What samples may have values of, scores and losses first.
    var measures: [String] {
        let metrics = flatMap { $0.results.compactMap { $0?.values }.flatMap(\.keys) }
        return ["score", "loss"] + Set(metrics).sorted()
    }
}

/// How a run differs from the first one in a value that samples of both have.
struct PairedDifferences: Equatable {
    /// `score`, `loss`, or a metric.
    let measure: String
    /// Samples that have the value in both runs.
    let count: Int
    /// Of those, in the first run and in the other.
    let (first, other): (Double, Double)
    /// The mean of other − first, with its 95 % interval (bootstrap over samples); nil of a single sample.
    let mean: Double
    let interval: (low: Double, high: Double)?

    static func == (a: Self, b: Self) -> Bool {
        a.measure == b.measure && a.count == b.count && a.first == b.first && a.other == b.other && a.mean == b.mean
            && a.interval?.low == b.interval?.low && a.interval?.high == b.interval?.high
    }

    /// Of every value that any sample has in both runs, by name, scores and losses first.
    static func all(_ samples: [ReportedSample], run: Int) -> [PairedDifferences] {
        let results = samples.compactMap { sample in
            sample.results[0].flatMap { first in sample.results[run].map { (first, $0) } }
        }
        return samples.measures.compactMap { measure in
            let pairs = results.compactMap { first, other in
                first.value(measure).flatMap { a in other.value(measure).map { (a, $0) } }
            }
            guard !pairs.isEmpty else { return nil }
            let differences = pairs.map { $0.1 - $0.0 }
            func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
            return PairedDifferences(
                measure: measure, count: pairs.count, first: mean(pairs.map(\.0)), other: mean(pairs.map(\.1)),
                mean: mean(differences), interval: pairs.count > 1 ? Bootstrap().interval(differences) : nil)
        }
    }
}
