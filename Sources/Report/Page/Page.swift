/// A report as one HTML file: its sections, and its samples as data that its own script shows.
package struct Page {
    private let content: ReportContent

    package init(_ content: ReportContent) { self.content = content }

    /// The whole file.
    /// - Throws: `EncodingError` for a number that is not finite.
    package func html() throws -> String {
        let title = content.runs.map(\.name).joined(separator: ", ")
        let comparison = ComparisonSection(content: content).html
        let links =
            [("#samples", "Samples"), ("#runs", content.runs.count > 1 ? "Runs" : "Run")]
            + (comparison.isEmpty ? [] : [("#comparison", "Comparison")])
        return """
            <!doctype html>
            <html lang=en>
            <head>
            <meta charset=utf-8>
            <meta name=viewport content="width=device-width,initial-scale=1">
            <title>seehear: \(escaped(title))</title>
            <style>\(PageStyle.text)</style>
            </head>
            <body>
            <header>
            <h1>\(escaped(title))</h1>
            <p>\(escaped(summary))</p>
            <nav aria-label="Sections">\(links.map { "<a href=\"\($0.0)\">\($0.1)</a>" }.joined(separator: " "))</nav>
            </header>
            <main>
            <section id=samples aria-label="Samples">
            <form id=filters>
            <label>task <select name=task></select></label>
            <label>state <select name=state></select></label>
            <label>text <input name=text type=search placeholder="key or words"></label>
            <label>by <select name=by></select></label>
            <label><input name=reverse type=checkbox> the other way round</label>
            <label><input name=shown type=checkbox checked> only what is shown</label>
            </form>
            <p id=count class=quiet aria-live=polite></p>
            <div id=list></div>
            <p class=pages><button type=button id=before>Before</button> <span id=page></span> <button type=button id=after>Next</button></p>
            <noscript><p>The samples are shown by a script, which is off in this browser.</p></noscript>
            </section>
            <div id=runs>
            \(content.runs.map { RunSection(run: $0).html }.joined(separator: "\n"))
            </div>
            \(comparison)
            </main>
            <script type="application/json" id=data>\(try script(Data(content)))</script>
            <script>\(PageScript.text)</script>
            </body>
            </html>

            """
    }

    private var summary: String {
        content.runs.map { run in
            let rest = [run.failed > 0 ? "\(run.failed) failed" : nil, run.left > 0 ? "\(run.left) left" : nil]
            let counts = (["\(run.made) of \(run.samples) samples made"] + rest.compactMap { $0 }).joined(
                separator: ", ")
            return content.runs.count > 1 ? "\(run.name): \(counts)" : counts
        }.joined(separator: "; ")
    }

    /// What the script reads.
    private struct Data: Encodable {
        let runs: [String]
        let samples: [ReportedSample]

        init(_ content: ReportContent) {
            runs = content.runs.map(\.name)
            samples = content.samples
        }
    }
}
