internal import Method
internal import Planning

extension Evaluator {
    /// A statistic of one feature of both sides.
    /// - Returns: values of single samples, where it is their mean.
    func score(
        _ statistic: Statistic, of feature: Feature, _ findings: inout MetricFindings
    ) throws(ScoringError) -> [(name: String, value: Double)] {
        let rows = try generated.rows(feature, of: .generated, logits: statistic.usesLogits)
        var others: FeatureShards?
        if statistic.needsReference {
            guard let store = reference, store.has(feature, of: .reference) else {
                throw .notTaken(feature: feature.description, side: "reference")
            }
            let found = try store.rows(feature, of: .reference, logits: statistic.usesLogits)
            guard found.identity == rows.identity else {
                findings.problem =
                    "the reference's features are of another network or way: \(found.identity), and not \(rows.identity): take both sides' with the same"
                return []
            }
            others = found
        }
        return StatisticScores(generated: rows, reference: others, style: settings.style, algebra: algebra)
            .score(statistic, &findings)
    }
}
