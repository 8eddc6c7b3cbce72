/// Two evaluations as a table for people: a line for each metric that both have, and what a reader has to know below.
package struct ComparisonTable {
    private let comparison: EvaluationComparison

    package init(_ comparison: EvaluationComparison) { self.comparison = comparison }

    /// The cells of each line, the header first.
    package var rows: [[String]] {
        [["metric", "A", "B", "B − A", "paired B − A, 95 %", "pairs"]]
            + comparison.metrics.map { metric in
                [
                    metric.metric, Self.text(metric.a), Self.text(metric.b), Self.text(metric.difference),
                    metric.paired.map {
                        "\($0.difference.fiveFigures) (\($0.low.fiveFigures) … \($0.high.fiveFigures))"
                    } ?? "", metric.paired.map { "\($0.pairs)" } ?? "",
                ]
            }
    }

    /// What a reader of the numbers has to know, a sentence each.
    package var remarks: [String] {
        var remarks = ["A: \(comparison.a)", "B: \(comparison.b)"]
        if comparison.referenceA != comparison.referenceB {
            remarks.append(
                "A's reference is \(comparison.referenceA ?? "none"), and B's is \(comparison.referenceB ?? "none")")
        }
        for metric in comparison.metrics {
            if !metric.unlike.isEmpty {
                let what = metric.unlike.joined(separator: ", ")
                remarks.append(
                    comparison.isAnyway
                        ? "\(metric.metric): compared though not comparable: \(what)"
                        : "\(metric.metric): not comparable: \(what); --anyway shows the difference all the same")
            }
            remarks += metric.problems.map { "\(metric.metric): \($0)" }
            if let paired = metric.paired, paired.pairs < max(paired.samplesA, paired.samplesB) {
                remarks.append(
                    "\(metric.metric): \(paired.pairs) samples are in both; A has \(paired.samplesA), B \(paired.samplesB)"
                )
            }
        }
        for (side, names) in [("A", comparison.onlyA), ("B", comparison.onlyB)] where !names.isEmpty {
            remarks.append("only in \(side): \(names.joined(separator: ", "))")
        }
        return remarks
    }

    private static func text(_ value: Double?) -> String { value?.fiveFigures ?? "–" }
}
