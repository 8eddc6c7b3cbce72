/// An evaluation as a table for people: a line for each metric, and what does not count below.
package struct EvaluationTable {
    private let result: EvaluationResult

    package init(_ result: EvaluationResult) { self.result = result }

    /// The cells of each line, the header first.
    package var rows: [[String]] {
        [["metric", "value", "95 %", "n", "reference", "of"]]
            + result.metrics.map { metric in
                [
                    metric.metric,
                    metric.value.map { $0.fiveFigures + (metric.deviation.map { " ± \($0.fiveFigures)" } ?? "") }
                        ?? "–",
                    metric.low.flatMap { low in metric.high.map { "\(low.fiveFigures) … \($0.fiveFigures)" } } ?? "",
                    "\(metric.samples)" + (metric.rows.map { " (\($0) rows)" } ?? ""),
                    metric.referenceSamples.map { count in
                        "\(count)" + (metric.referenceRows.map { " (\($0) rows)" } ?? "")
                    } ?? "",
                    ([metric.feature.feature]
                        + [metric.variant, metric.isInObjective == true ? "in the objective" : nil].compactMap { $0 })
                        .joined(separator: ", "),
                ]
            }
    }

    /// The table in columns, and below it what a reader has to know, a line each.
    package var text: String {
        let rows = rows
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return cells.joined(separator: "  ").trimmingSuffix(while: \.isWhitespace)
        }
        return (lines + remarks).map { $0 + "\n" }.joined()
    }

    /// What a reader of the numbers has to know, a sentence each.
    package var remarks: [String] {
        var remarks = result.metrics.compactMap { metric in metric.problem.map { "\(metric.metric): \($0)" } }
        remarks += result.metrics.compactMap { metric in metric.note.map { "\(metric.metric): \($0)" } }
        remarks += result.metrics.compactMap { metric in
            Self.named(metric.unusable, "\(metric.metric): do not count")
        }
        for (name, side) in [("the generated side", result.generated)]
            + (result.reference.map { [("the reference", $0)] } ?? [])
        {
            if let line = Self.named(side.failed, "\(name): could not be read") { remarks.append(line) }
            if let line = Self.listed(side.silent, "\(name): silent, and counted") { remarks.append(line) }
            if let line = Self.listed(side.missing, "\(name): missing, and there on the other side") {
                remarks.append(line)
            }
        }
        return remarks
    }

    private static let most = 3

    private static func named(_ reasons: [String: String], _ what: String) -> String? {
        guard !reasons.isEmpty else { return nil }
        let shown = reasons.sorted { $0.key < $1.key }.prefix(most).map { "\($0.key) (\($0.value))" }
        return line(what, shown, of: reasons.count)
    }

    private static func listed(_ names: [String], _ what: String) -> String? {
        names.isEmpty ? nil : line(what, Array(names.prefix(most)), of: names.count)
    }

    private static func line(_ what: String, _ shown: [String], of count: Int) -> String {
        "\(what): \(count): " + shown.joined(separator: ", ") + (count > shown.count ? ", …" : "")
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return String(self[..<end])
    }
}
