internal import Files
internal import Scoring

/// What a page says of runs beside the first: what differs in their settings, and in the values of samples of one name.
struct ComparisonSection {
    let content: ReportContent

    var html: String {
        guard content.runs.count > 1 else { return "" }
        let first = content.runs[0]
        let parts = content.runs.indices.dropFirst().map { number in
            let run = content.runs[number]
            return "<h3>\(escaped(run.name)) beside \(escaped(first.name))</h3>" + values(number) + settings(first, run)
        }
        return "<section id=comparison><h2>Comparison</h2>\(parts.joined(separator: "\n"))\(distributions)</section>"
    }

    /// Of each value, over all samples of each run that have it.
    private var distributions: String {
        let drawn = content.samples.measures.compactMap { measure -> String? in
            let values = content.runs.indices.map { run in
                (content.runs[run].name, Array(content.samples.values(of: measure, run: run).values))
            }
            let html = Distribution(values: values.filter { !$0.1.isEmpty }).html
            return html.isEmpty ? nil : "<h4>\(escaped(measure))</h4><div class=row>\(html)</div>"
        }
        return drawn.isEmpty ? "" : "<h3>How values spread</h3>\(drawn.joined(separator: "\n"))"
    }

    private func values(_ number: Int) -> String {
        let inObjective = [0, number].contains { run in
            content.samples.contains { $0.results[run]?.inObjective == true }
        }
        let rows = content.samples.measures.compactMap { measure -> [String]? in
            let (first, other) = (
                content.samples.values(of: measure, run: 0), content.samples.values(of: measure, run: number)
            )
            guard let paired = PairedDifference(first, other) else { return nil }
            func mean(_ values: [ExactText: Double], _ partners: [ExactText: Double]) -> String {
                let both = values.filter { partners[$0.key] != nil }.values
                return (both.reduce(0, +) / Double(both.count)).fiveFigures
            }
            let marked = measure == "score" && inObjective || measure == "loss"
            return [
                "<code>\(escaped(measure))</code>\(marked ? " <i>in the objective</i>" : "")", "\(paired.pairs)",
                mean(first, other), mean(other, first), paired.difference.fiveFigures,
                "\(paired.low.fiveFigures) … \(paired.high.fiveFigures)",
            ]
        }
        guard !rows.isEmpty else { return "<p>No sample has a value in both runs.</p>" }
        return table(
            ["value", "samples in both", content.runs[0].name, content.runs[number].name, "difference", "95 %"], rows,
            numbers: [1, 2, 3, 4, 5])
            + "<p class=quiet>Differences are of samples with one key in both runs. What is in the objective was worked on or "
            + "chosen by: it flatters, and is no measure of quality.</p>"
    }

    private func settings(_ first: ReportedRun, _ other: ReportedRun) -> String {
        let keys = Set(first.settings.keys).union(other.settings.keys).sorted()
            .filter { first.settings[$0] != other.settings[$0] }
        guard !keys.isEmpty else { return "<p>All settings are the same.</p>" }
        return table(
            ["setting", first.name, other.name],
            keys.map { key in
                ["<code>\(escaped(key))</code>"] + [first, other].map { escaped($0.settings[key] ?? "not set") }
            })
    }
}
