import Foundation
import JSON
import TestSupport
import Testing

extension Integration {
    /// `seehear report`: pages of real runs, and in a browser.
    @Suite("A report", .serialized)
    struct ReportCommandTests {
        private let shop: Workshop

        init() throws { shop = try Workshop() }

        /// Two runs of the same videos with sound, one of which has a further row and one that cannot be made.
        private func runs() async throws {
            let models = RandomModels.folder.path
            for (name, rows, more) in [
                ("plain", ["a", "b"], "guidance: off"),
                ("other", ["a", "b", "c"], "guidance: {learning_rate_scale: sigma, start: 0}"),
            ] {
                let lines =
                    rows.map { #"{"id": "\#($0)"}"# } + (name == "other" ? [#"{"id": "bad", "prompt": "<rain>"}"#] : [])
                try shop.write("\(name).jsonl", lines.joined(separator: "\n") + "\n")
                try shop.write(
                    "\(name).yaml",
                    """
                    task: mm
                    manifest: \(name).jsonl
                    models: {mm: \(models)/mm/landscape.pt, binder: \(models)/imagebind}
                    sampling: {steps: 4, mm: {scheduler: ddim, size: 16, head_channels: 16, windows: [1, 4]}}
                    invalid_rows: record
                    batch: 2
                    threads: 1
                    \(more)
                    """)
                let ran = try await Programs.mpirun(1, [shop.path("\(name).yaml"), "--out", shop.path(name)])
                #expect(ran.code == (name == "other" ? 3 : 0), "\(ran.text)")
            }
        }

        @Test("a card for a data set has the run's members, and is not written over another")
        func card() async throws {
            try await runs()
            let card = shop.path("README.md")
            let wrote = try await Programs.seehear("report", shop.path("plain"), "--card", card)
            #expect(wrote.code == 0 && wrote.output == "wrote \(card)\n", "\(wrote.text)")
            let text = try String(contentsOfFile: card, encoding: .utf8)
            #expect(
                text.contains("2 of `mm`") && text.contains("| `mp4` | the video")
                    && text.contains("`preset: official`"), "\(text)")
            let again = try await Programs.seehear("report", shop.path("plain"), "--card", card)
            #expect(again.code == 2 && again.errors.contains("is there already"), "\(again.text)")
        }

        @Test("a page with its media, in a folder and in one file; in a browser it plays, filters and sorts")
        func pages() async throws {
            try await runs()
            let page = shop.path("page")
            let wrote = try await Programs.seehear("report", shop.path("plain"), shop.path("other"), "-o", page)
            #expect(wrote.code == 0 && wrote.output == "wrote \(page)/index.html\n", "\(wrote.text)")
            for file in ["1/a.mp4", "1/a.mel.png", "1/a.poster.jpg", "2/c.mp4"] {
                #expect(FileManager.default.fileExists(atPath: "\(page)/media/\(file)"), "\(file)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(page)/scratch"))
            let html = try String(contentsOfFile: "\(page)/index.html", encoding: .utf8)
            #expect(html.contains("<code>wrong_input</code>"))

            // A folder that holds something is not written to.
            let again = try await Programs.seehear("report", shop.path("plain"), "-o", page)
            #expect(again.code == 2 && again.errors.contains("\(page) is there already"), "\(again.text)")

            let one = shop.path("one.html")
            let single = try await Programs.seehear("report", shop.path("other"), "--key", "c", "--single", "-o", one)
            #expect(single.code == 0, "\(single.text)")
            #expect(try String(contentsOfFile: one, encoding: .utf8).contains("data:video/mp4;base64,"))

            let json = try await Programs.seehear("report", shop.path("plain"), shop.path("other"), "--json")
            let content = try JSONValue(parsing: Array(json.output.utf8))
            #expect(content["samples"]?.array?.map { $0["key"]?.string } == ["a", "b", "c", "bad"])
            #expect(content["runs"]?.array?[1]["failures"]?.array?[0]["kind"]?.string == "wrong_input")

            for (arguments, said) in [
                (["--key", "zz"], "--key zz: no run has such a sample"),
                (["--best", "1", "--by", "fad"], "--by fad: no sample"),
            ] {
                let refused = try await Programs.run(
                    "seehear", ["report", shop.path("plain"), "-o", shop.path("no")] + arguments)
                #expect(refused.code == 2 && refused.errors.contains(said), "\(refused.text)")
            }
            try await browse("\(page)/index.html")
        }

        /// Opens the page in a headless browser with a script that uses it, and reads what that found.
        private func browse(_ page: String) async throws {
            let probe = """
                <script>
                const wait = ms => new Promise(done => setTimeout(done, ms)), found = {}, form = document.getElementById("filters");
                window.onerror = message => { found.error = message; };
                const keys = () => [...document.querySelectorAll("article")].map(a => a.dataset.key);
                const set = (name, value) => { form[name][typeof value === "boolean" ? "checked" : "value"] = value; form.dispatchEvent(new Event("input")); };
                (async () => {
                  found.first = keys();
                  set("shown", false); found.all = keys();
                  set("state", "failed"); found.failed = keys(); set("state", "");
                  set("text", "RAIN"); found.text = keys(); set("text", "");
                  set("by", "0 score"); const down = keys(); set("reverse", true);
                  found.sorted = JSON.stringify(down.slice(0, 2)) === JSON.stringify(keys().slice(0, 2).reverse());
                  set("reverse", false); set("by", "");
                  const article = document.querySelector("article[data-key=a]"), [plain, other] = article.querySelectorAll("video");
                  const [first] = article.querySelectorAll("figure button:not(.sound)");
                  first.click(); await wait(300); found.plays = !plain.paused;
                  article.querySelectorAll("figure button:not(.sound)")[1].click(); await wait(300);
                  found.oneAtATime = plain.paused && !other.paused;
                  article.querySelectorAll("button.sound")[1].click(); await wait(100); found.stops = article.querySelectorAll("[aria-pressed=true]").length;
                  const fits = () => document.body.scrollWidth <= document.body.clientWidth;
                  found.wide = fits(); document.body.style.width = "390px"; found.narrow = fits();
                  found.labels = [...document.querySelectorAll("img, video, button, select, input")].every(e => e.alt !== undefined && e.hasAttribute("alt")
                    || e.ariaLabel || e.textContent.trim() || e.closest("label"));
                  document.body.replaceChildren(JSON.stringify(found));
                })();
                </script>
                """
            let copy = page.replacing("index.html", with: "probe.html")
            let html = try String(contentsOfFile: page, encoding: .utf8)
            try html.replacing("</body>", with: probe + "</body>").write(
                toFile: copy, atomically: true, encoding: .utf8)
            // bootstrap.sh --tests brings it.
            let seen = try await Programs.run(
                "chromium",
                [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
                    "--window-size=1400,900", "--virtual-time-budget=10000", "--dump-dom", "file://\(copy)",
                ])
            let body = try #require(
                seen.output.range(of: "<body style=\"width: 390px;\">").map { seen.output[$0.upperBound...] },
                "\(seen.text)")
            let found = try JSONValue(parsing: Array(body.prefix { $0 != "<" }.utf8))
            func texts(_ name: String) -> [String?]? { found[name]?.array?.map(\.string) }
            #expect(found["error"] == nil, "\(found["error"]?.string ?? "")")
            #expect(texts("first") == ["a", "b", "c"] && texts("all") == ["a", "b", "c", "bad"])
            #expect(texts("failed") == ["bad"] && texts("text") == ["bad"])
            for name in ["sorted", "plays", "oneAtATime", "wide", "narrow", "labels"] {
                #expect(found[name]?.bool == true, "\(name)")
            }
            #expect(found["stops"]?.double == 0 || found["stops"]?.double == 1)
        }
    }
}
