/// Two evaluations side by side, where they may be compared.
package struct EvaluationComparison {
    /// Why a metric of one may not stand beside that of the other.
    package let objections: [String]
    /// The cells of each line, the header first.
    package let rows: [[String]]

    /// - Parameters:
    ///   - names: of the two, for the header.
    package init(_ one: EvaluationResult, _ other: EvaluationResult, names: (String, String)) {
        var objections: [String] = []
        var rows = [["metric", names.0, names.1, "difference"]]
        for first in one.metrics {
            guard let second = other.metrics.first(where: { $0.metric == first.metric }) else { continue }
            let reasons = Self.reasons(first, second)
            objections += reasons.map { "\(first.metric): \($0)" }
            func shown(_ value: Double?) -> String { value.map { "\($0)" } ?? "–" }
            let difference = first.value.flatMap { a in second.value.map { $0 - a } }
            rows.append([
                first.metric + (reasons.isEmpty ? "" : " (not comparable)"), shown(first.value), shown(second.value),
                shown(difference),
            ])
        }
        self.objections = objections
        self.rows = rows
    }

    private static func reasons(_ one: MetricFindings, _ other: MetricFindings) -> [String] {
        func differ<Value: Equatable>(_ what: String, _ a: Value?, _ b: Value?) -> String? {
            a == b ? nil : "\(what) \(a.map { "\($0)" } ?? "none") and \(b.map { "\($0)" } ?? "none")"
        }
        return [
            differ("numbers of samples", one.samples, other.samples),
            differ("numbers of reference samples", one.referenceSamples, other.referenceSamples),
            differ("variants", one.variant, other.variant),
            differ("features", one.feature.feature, other.feature.feature),
            one.feature.checkpoint == other.feature.checkpoint ? nil : "other checkpoints",
        ].compactMap { $0 }
    }
}
