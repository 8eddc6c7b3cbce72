import Foundation
import JSON
import TestSupport
import Testing

extension Integration {
    /// What the demo says of its samples, on samples whose truth is known: scenes of the demo in place of results.
    @Suite("The demo's page")
    struct DemoTests {
        /// Results for two rows: `search` made what belongs to them, `vanilla` what belongs to another scene, and the aligner only the
        /// first.
        private func look() throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            let made = [
                ("search", "v2a-00", "wav", "00", "flac"), ("vanilla", "v2a-00", "wav", "01", "flac"),
                ("aligner", "v2a-00", "wav", "00", "flac"), ("search", "a2i-03", "png", "03", "png"),
                ("vanilla", "a2i-03", "png", "10", "png"), ("captioned", "a2i-03", "png", "03", "png"),
                ("search", "v2a-00", "mp4", "00", "mp4"), ("vanilla", "v2a-00", "mp4", "00", "mp4"),
                ("aligner", "v2a-00", "mp4", "00", "mp4"),
            ]
            for (arm, id, kind, scene, member) in made {
                let json =
                    arm == "captioned"
                    ? #"{"prompt": "a <red> circle"}"#
                    : arm == "search"
                        ? #"{"score": 0.51, "words": [{"text": "a <blue> word", "weight": 0.75, "cosine": 0.4}]}"#
                        : "{}"
                try folder.write(json, to: "\(arm)/\(id).json")
                try FileManager.default.copyItem(
                    at: Fixtures.checkout.appending(path: "demo/scenes/scene-\(scene).\(kind)"),
                    to: folder.url.appending(path: "\(arm)/\(id).\(member)"))
            }
            return folder
        }

        private func judge(_ folder: TemporaryFolder) async throws {
            let scenes = Fixtures.checkout.appending(path: "demo/scenes").path
            let judged = try await Python.run("demo/judged.py", scenes, folder.path)
            try #require(judged.code == 0, "\(judged.text)")
        }

        private static let times = ["vanilla=3", "aligner=20", "search=5"]

        @Test("a result that belongs to its scene agrees in everything, and another scene's in what both have")
        func agreement() async throws {
            let folder = try look()
            try await judge(folder)
            let judged = try JSONValue(parsing: Array(Data(contentsOf: folder.url.appending(path: "judged.json"))))
            let rows = try #require(judged.array)
            #expect(rows.count == 16)
            let first = try #require(rows.first?["arms"])
            for name in ["pitch", "timbre", "onsets"] {
                #expect(first["search"]?["agreement"]?[name]?.double == 1, "\(name)")
            }
            for name in ["pitch", "timbre"] { #expect(first["vanilla"]?["agreement"]?[name]?.double == 0, "\(name)") }

            let summary = try await Python.run(
                "demo/summary.py", folder.path, Self.times[0], Self.times[1], Self.times[2])
            let lines = summary.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            // Of the only scene that all three made.
            let all = try #require(lines.first { $0.first == "all" }, "\(summary.text)")
            #expect(all[2...] == ["1.00", "1.00", "1"] && (Double(all[1]) ?? 1) < 0.5, "\(summary.text)")
            #expect(lines.contains(["samples", "2", "1", "2"]), "\(summary.text)")
        }

        @Test("the page shows every scene, names files below its folder alone, and says what was not made")
        func page() async throws {
            let folder = try look()
            try await judge(folder)
            let written = try await Python.run(
                "demo/page.py", folder.path, Self.times[0], Self.times[1], Self.times[2], "captioned=6")
            try #require(written.code == 0, "\(written.text)")
            let page = try String(contentsOf: folder.url.appending(path: "index.html"), encoding: .utf8)
            #expect(page.ranges(of: "<article>").count == 16)
            #expect(
                !page.contains("http") && !page.contains("url(") && !page.contains("<script") && !page.contains("<link")
            )
            let sources = page.matches(of: /src="([^"#]+)/).map { String($0.1) }
            #expect(sources.count > 20)
            for source in sources {
                #expect(!source.hasPrefix("/") && !source.contains(".."), "\(source)")
                #expect(FileManager.default.fileExists(atPath: folder.url.appending(path: source).path), "\(source)")
            }
            #expect(page.contains("a &lt;blue&gt; word <b>75\u{a0}%</b>") && page.contains("score: 0.51"))
            #expect(page.contains("the captioner: a &lt;red&gt; circle") && page.contains("nothing to look at"))
            #expect(page.contains("left out") && page.contains("this sample failed"))
            #expect(page.contains("took 20 s for 1 scene<") && page.contains("took 5 s for 2 scenes<"))
        }
    }
}
