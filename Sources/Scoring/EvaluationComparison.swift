internal import Files

/// Two evaluations, metric by metric.
package struct EvaluationComparison: Sendable, Encodable {
    /// One metric that both have.
    package struct Metric: Sendable, Encodable {
        /// As `Method`'s writes itself.
        package let metric: String
        /// The values; nil where there is none.
        package let a: Double?
        package let b: Double?
        /// b − a; nil where a value is missing, and of unlike ones unless somebody wants it all the same.
        package let difference: Double?
        /// The same over samples of one name, where the metric is a mean of samples.
        package let paired: PairedDifference?
        /// What makes the two not comparable, a phrase each.
        package let unlike: [String]
        /// What each result says where it has no value.
        package let problems: [String]
    }

    /// The folders of the results.
    package let a: String
    package let b: String
    /// What either was compared with; nil without a reference.
    package let referenceA: String?
    package let referenceB: String?
    /// Whether differences of values that are not comparable are there as well.
    let isAnyway: Bool
    /// In a's order.
    package let metrics: [Metric]
    /// Metrics that only one of them has.
    package let onlyA: [String]
    package let onlyB: [String]

    private enum CodingKeys: String, CodingKey {
        case a, b, metrics
        case referenceA = "reference_a"
        case referenceB = "reference_b"
        case onlyA = "only_a"
        case onlyB = "only_b"
    }

    /// - Parameter anyway: whether values that are not comparable have a difference as well.
    package init(_ a: EvaluationFolder, _ b: EvaluationFolder, anyway: Bool = false) {
        (self.a, self.b, isAnyway) = (a.path, b.path, anyway)
        (referenceA, referenceB) = (a.result.reference?.path, b.result.reference?.path)
        func first(_ name: String, _ folder: EvaluationFolder) -> MetricFindings? {
            folder.result.metrics.first { $0.metric == name }
        }
        func names(_ folder: EvaluationFolder) -> [String] {
            var seen: Set<String> = []
            return folder.result.metrics.map(\.metric).filter { seen.insert($0).inserted }
        }
        metrics = names(a).compactMap { name in
            guard let one = first(name, a), let other = first(name, b) else { return nil }
            let unlike = MetricDifferences.between(one, other)
            let isShown = unlike.isEmpty || anyway
            return Metric(
                metric: name, a: one.value, b: other.value,
                difference: isShown ? Self.difference(one.value, other.value) : nil,
                paired: isShown ? PairedDifference(a.scores.values(of: name), b.scores.values(of: name)) : nil,
                unlike: unlike,
                problems: [("A", one), ("B", other)].compactMap { side, findings in
                    findings.problem.map { "\(side) has no value: \($0)" }
                })
        }
        onlyA = names(a).filter { first($0, b) == nil }
        onlyB = names(b).filter { first($0, a) == nil }
    }

    private static func difference(_ a: Double?, _ b: Double?) -> Double? {
        guard let a, let b, (b - a).isFinite else { return nil }
        return b - a
    }
}
