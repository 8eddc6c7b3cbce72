internal import Files

/// Which samples a report shows with their media: all others are rows of its table.
package struct SampleChoice: Sendable, Equatable {
    /// So many drawn by chance.
    package var drawn = 0
    /// What the draw depends on, beside the keys.
    package var seed: UInt64 = 0
    /// So many of the best and of the worst, by ``measure``.
    package var (best, worst) = (0, 0)
    /// `score`, `loss`, or a metric.
    package var measure = "score"
    /// These.
    package var keys: [String] = []

    package init() {}

    /// Something that was named and is not there.
    package enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
        case noSuchKey(String)
        case noValues(String, known: [String])

        package var description: String {
            switch self {
            case .noSuchKey(let key): "--key \(key): no run has such a sample; `seehear ls` lists them"
            case .noValues(let name, let known):
                "--by \(name): no sample of the first run has such a value; "
                    + (known.isEmpty ? "there are none" : "there are \(known.joined(separator: ", "))")
            }
        }
    }

    /// The places of the samples that are shown, ascending.
    /// - Throws: ``Problem``.
    package func places(in samples: [ReportedSample]) throws(Problem) -> [Int] {
        var chosen: Set<Int> = []
        for key in keys {
            guard let place = samples.firstIndex(where: { ExactText($0.key) == ExactText(key) }) else {
                throw .noSuchKey(key)
            }
            chosen.insert(place)
        }
        if best + worst > 0 {
            let ranked = try ranked(samples)
            chosen.formUnion(ranked.prefix(best))
            chosen.formUnion(ranked.suffix(worst))
        }
        let made = samples.indices.filter { samples[$0].results.contains { $0?.state == .ok } }
        let order = made.map { ($0, SHA256.hexadecimalDigest(of: Array("\(seed):\(samples[$0].key)".utf8))) }
            .sorted { $0.1 < $1.1 }
        chosen.formUnion(order.prefix(drawn).map(\.0))
        return chosen.sorted()
    }

    /// Those with a value, the best first: of a loss the lowest.
    private func ranked(_ samples: [ReportedSample]) throws(Problem) -> [Int] {
        let values = samples.map { $0.results.first.flatMap { $0 }?.value(measure) }
        guard values.contains(where: { $0 != nil }) else {
            let results = samples.compactMap { $0.results.first.flatMap { $0 } }
            var known = Set(results.flatMap { ($0.values ?? [:]).keys })
            if results.contains(where: { $0.score != nil }) { known.insert("score") }
            if results.contains(where: { !$0.losses.isEmpty }) { known.insert("loss") }
            throw .noValues(measure, known: known.sorted())
        }
        let sign = measure == "loss" ? 1.0 : -1
        return samples.indices.filter { values[$0] != nil }
            .sorted { (sign * (values[$0] ?? 0), $0) < (sign * (values[$1] ?? 0), $1) }
    }
}

extension ReportedSample.Result {
    /// By its word; nil where the sample has none.
    package func value(_ measure: String) -> Double? {
        switch measure {
        case "score": score
        case "loss": losses.last
        default: values?[measure]
        }
    }
}
