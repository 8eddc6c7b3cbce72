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
                (content.runs[run].name, content.samples.compactMap { $0.results[run]?.value(measure) })
            }
            let html = Distribution(values: values.filter { !$0.1.isEmpty }).html
            return html.isEmpty ? nil : "<h4>\(escaped(measure))</h4><div class=row>\(html)</div>"
        }
        return drawn.isEmpty ? "" : "<h3>How values spread</h3>\(drawn.joined(separator: "\n"))"
    }

    private func values(_ number: Int) -> String {
        let differences = PairedDifferences.all(content.samples, run: number)
        guard !differences.isEmpty else { return "<p>No sample has a value in both runs.</p>" }
        let inObjective = [0, number].contains { run in
            content.samples.contains { $0.results[run]?.inObjective == true }
        }
        return table(
            ["value", "samples in both", content.runs[0].name, content.runs[number].name, "difference", "95 %"],
            differences.map { difference in
                let marked = difference.measure == "score" && inObjective || difference.measure == "loss"
                return [
                    "<code>\(escaped(difference.measure))</code>\(marked ? " <i>in the objective</i>" : "")",
                    "\(difference.count)", Self.figure(difference.first), Self.figure(difference.other),
                    Self.signed(difference.mean),
                    difference.interval.map { "\(Self.signed($0.low)) … \(Self.signed($0.high))" } ?? "–",
                ]
            }, numbers: [1, 2, 3, 4, 5])
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

    // MARK: Numbers

    /// Four digits behind the point of small numbers, fewer of larger ones.
    static func figure(_ value: Double) -> String {
        let digits = abs(value) < 10 ? 4 : abs(value) < 1000 ? 2 : 0
        let scale = [1.0, 10, 100, 1000, 10_000][digits]
        guard abs(value) * scale < 1e15 else { return "\(value)" }
        let whole = Int((abs(value) * scale).rounded())
        let text =
            digits == 0 ? "\(whole)" : "\(whole / Int(scale)).\(String(Int(scale) + whole % Int(scale)).dropFirst())"
        return value < 0 && whole > 0 ? "−\(text)" : text
    }

    static func signed(_ value: Double) -> String {
        let text = figure(value)
        return text.hasPrefix("−") ? text : "+\(text)"
    }
}
