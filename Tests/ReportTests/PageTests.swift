import Foundation
import JSON
import Testing

@testable import Report

@Suite struct PageTests {
    private func run(_ name: String, _ settings: [String: String] = [:]) -> ReportedRun {
        var run = ReportedRun(
            name: name, path: "/runs/\(name)", samples: 3, settings: settings,
            models: [.init(role: "binder", path: "/m/<bind>", bytes: 1_250_000, license: "cc-by-nc-sa-4.0")],
            versions: ["seehear": "1"], identity: "abc")
        (run.made, run.failed, run.left, run.seconds, run.secondsLeft) = (1, 1, 1, 90, 45)
        run.tasks = ["v2a": 3]
        run.failures = [.init(kind: "silence", count: 1, key: "b<", message: "no & nothing")]
        run.ranks = [.init(rank: 1, host: "h", samples: 2, batches: 1, seconds: 90)]
        run.stages = [.init(name: "audio.unet", seconds: 75), .init(name: "score", seconds: 25)]
        return run
    }

    @Test("text cannot leave its place")
    func escapes() throws {
        #expect(escaped("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;")
        #expect(try script(["</script>\u{2028}"]) == #"["\u003c/script>\u2028"]"#)
        var sample = reported("</script><b>", made())
        sample.results[0]?.caption = "<!--"
        let html = try Page(ReportContent(runs: [run("<i>")], samples: [sample])).html()
        #expect(!html.contains("<i>") && !html.contains("</script><b>") && !html.contains("<!--"))
        #expect(html.contains("&lt;bind&gt;") && html.contains("b&lt;</b>: no &amp; nothing"))
    }

    @Test(
        "a run's section says what was made, what failed and how to try again, what took time, and whose licence forbids what"
    )
    func section() throws {
        let html = RunSection(run: run("first")).html
        for part in [
            "<dt>made</dt><dd>1 of 3</dd>", "<dt>failed</dt><dd>1</dd>", "<dt>left</dt><dd>1</dd>",
            "<dt>what is left</dt><dd>about 45 s</dd>", "<dt>a sample</dt><dd>45.0 s</dd>",
            "<code>seehear retry /runs/first --kind silence</code>", "<td class=number>80</td>",
            "<td class=number>75 %</td>", "width:25.0%", "1.25 MB", "cc-by-nc-sa-4.0: not for commercial use",
        ] { #expect(html.contains(part), "\(part)") }
    }

    @Test("the page names no other host, and its data are what it was given")
    func page() throws {
        let content = ReportContent(
            runs: [run("a", ["steps": "30", "seed": "1"]), run("b", ["steps": "50", "seed": "1"])],
            samples: [
                reported("k", made(score: 0.25, losses: [1, 0.5]), made(score: 0.75), prompt: "rain"),
                reported("l", made(score: 0.5), made(score: 0.5)), reported("m", made(score: 0.5), nil),
            ])
        let html = try Page(content).html()
        // Namespaces of SVG are names, not places.
        let places = html.replacing("http://www.w3.org/2000/svg", with: "")
        #expect(!places.contains("http:") && !places.contains("https:") && !places.contains("//fonts"))
        let start = try #require(html.range(of: "<script type=\"application/json\" id=data>")).upperBound
        let end = try #require(html.range(of: "</script>", range: start..<html.endIndex)).lowerBound
        let data = try JSONValue(parsing: Array(html[start..<end].utf8))
        #expect(data["samples"]?.array?.count == 3)
        #expect(data["samples"]?.array?[0]["results"]?.array?[1]["score"]?.double == 0.75)
        #expect(data["samples"]?.array?[0]["seed"]?.string == "7")
        #expect(html.contains("<tr><td><code>steps</code></td><td>30</td><td>50</td></tr>"))
        #expect(
            !html.contains("<tr><td><code>seed</code></td><td>1</td><td>1</td></tr>\n</tbody></table></div></section>"))
        let alone = try Page(ReportContent(runs: [run("a")], samples: [])).html()
        #expect(!alone.contains("Comparison"))
    }

    @Test("differences are of samples that have a value in both runs")
    func differences() throws {
        let samples = [
            reported("k", made(score: 0.25, losses: [1, 0.5], ["kl": 2]), made(score: 0.75, ["kl": 1])),
            reported("l", made(score: 0.5), made(score: 0.5)), reported("m", made(score: 0.125), nil),
        ]
        let html = try Page(ReportContent(runs: [run("a"), run("b")], samples: samples)).html()
        func cells(_ cells: String...) -> String { cells.map { "<td class=number>\($0)</td>" }.joined() }
        #expect(html.contains("<code>score</code></td>" + cells("2", "0.3750", "0.6250", "0.2500", "0.0000 … 0.5000")))
        #expect(html.contains("<code>kl</code></td>" + cells("1", "2.0000", "1.0000", "−1.0000", "−1.0000 … −1.0000")))
        #expect(!html.contains("<code>loss</code>"))
    }

    @Test(
        "values are counted in equal parts of what all runs have, and nothing is drawn of values that are all the same")
    func distribution() throws {
        #expect(
            Distribution.counts([0, 0.1, 12, 24], 0, 24).enumerated().filter { $0.element > 0 }.map {
                [$0.offset, $0.element]
            } == [[0, 2], [12, 1], [23, 1]])
        let html = Distribution(values: [("a<", [0, 1]), ("b", [2])]).html
        #expect(html.contains("a&lt;") && html.components(separatedBy: "<rect").count == 4)
        #expect(html.contains("2 values of a&lt;, from 0.0000 to 2.0000"))
        #expect(Distribution(values: [("a", [1, 1])]).html.isEmpty)
        let samples = [reported("k", made(score: 0.2), made(score: 0.9))]
        let page = try Page(ReportContent(runs: [run("a"), run("b")], samples: samples)).html()
        #expect(page.contains("<h3>How values spread</h3><h4>score</h4>") && !page.contains("<h4>loss</h4>"))
    }

    @Test("a card says what is in the shards, whose licences count, and how they are loaded")
    func card() throws {
        var reported = run("my 'set'", ["preset": "search", "seed": "30"])
        reported.shards = (0..<2).map { .init(name: "shard-00000\($0).tar", bytes: 1, sha256: "", samples: 1) }
        reported.members = ["2.flac", "flac", "json"]
        let plain = DatasetCard(reported).text
        for part in [
            "pretty_name: 'my ''set'''\nlicense: other\nsize_categories: [n<1K]\n",
            "    path: shards/*.tar\n---\n\n# my 'set'\n",
            "1 samples, made by models and not recorded: 3 of `v2a` (audio for a video); 1 more could not be made",
            "| `2.flac` | the audio, 16 kHz, mono, 16 bits, of a further choice |",
            "| binder | <bind> | **cc-by-nc-sa-4.0** |", "At least one of these models may not be used commercially.",
            #"WebDataset("shards/shard-{000000..000001}.tar", shardshuffle=False)"#,
            #"sample["json"], sample.get("flac")"#, "`preset: search`, `seed: 30`; ",
        ] { #expect(plain.contains(part), "\(part)\n\(plain)") }
        reported.shards = [.init(name: "shard-000000.tar.zst", bytes: 1, sha256: "", samples: 1)]
        let packed = DatasetCard(reported).text
        #expect(
            !packed.contains("data_files") && packed.contains("pipe:zstd -dcq shards/shard-{000000..000000}.tar.zst"))
    }

    @Test("runs are called by as much of their paths as tells them apart")
    func names() {
        #expect(ReportReader.names(["/a/x", "/b/y"]) == ["x", "y"])
        #expect(ReportReader.names(["/a/x", "/b/x"]) == ["a/x", "b/x"])
        #expect(ReportReader.names(["/a/x", "/a/x"]) == ["1: /a/x", "2: /a/x"])
    }
}
