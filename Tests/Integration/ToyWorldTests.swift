import Foundation
import TestSupport
import Testing

extension Integration {
    /// The trained models: what is made means something, and the aligner makes it mean the right thing.
    @Suite("The toy world", .serialized)
    struct ToyWorldTests {
        /// What `claim.py` writes of one task and arm.
        private struct Finding: Decodable {
            let n: Int
            /// Mean, and the ends of its interval.
            let agreement: [Double]
            /// The binder's.
            let score: Double
            let seconds: Double
        }

        /// The scenes as files lie in `demo/scenes`; what they are is in `truth.json`.
        @Test("the judge finds in the held-out files what their scenes are")
        func judge() async throws {
            let judged = try await Python.run("Tests/Integration/judge_scenes.py")
            #expect(judged.code == 0, "\(judged.text)")
            #expect(judged.output.contains("16 scenes"), "\(judged.text)")
        }

        @Test("the captioners name what held-out pictures show and sounds tell")
        func captions() async throws {
            struct Truth: Decodable {
                let shape: String
                let colour: String
                let kind: String
            }
            let shop = try Workshop()
            let scenes = Fixtures.checkout.appending(path: "demo/scenes")
            let truth = try JSONDecoder().decode(
                [String: Truth].self, from: Data(contentsOf: scenes.appending(path: "truth.json")))
            let rows = truth.keys.sorted().flatMap { scene in
                [
                    #"{"id": "seen-\#(scene)", "task": "i2a", "image": "\#(scenes.path)/\#(scene).png"}"#,
                    #"{"id": "heard-\#(scene)", "task": "a2i", "audio": "\#(scenes.path)/\#(scene).wav"}"#,
                ]
            }
            try shop.write("rows.jsonl", rows.joined(separator: "\n") + "\n")
            let models = Fixtures.checkout.appending(path: "Models/toyworld").path
            try shop.write(
                "job.yaml",
                """
                task: i2a
                manifest: rows.jsonl
                models: {binder: \(models)/imagebind}
                caption: model
                captioner: {image: \(models)/captioners/image, audio: \(models)/captioners/audio}
                """)
            let ran = try await Programs.worker(
                ["caption", shop.path("job.yaml"), "--out", shop.path("captioned.jsonl")])
            try #require(ran.code == 0, "\(ran.text)")
            var right: [String: Int] = [:]
            for line in try String(contentsOfFile: shop.path("captioned.captions.jsonl"), encoding: .utf8)
                .split(separator: "\n")
            {
                let row = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let (id, caption) = (try #require(row["id"] as? String), try #require(row["caption"] as? String))
                let parts = id.split(separator: "-", maxSplits: 1).map(String.init)
                let fact = try #require(truth[parts[1]])
                // A word for what happens begins like its kind: bouncing, flashes.
                let words = [fact.colour, fact.shape, String(fact.kind.prefix(4))]
                for (name, word) in zip(["colour", "shape", "kind"], words) where caption.contains(word) {
                    right["\(parts[0]) \(name)", default: 0] += 1
                }
            }
            // 90 % of 16, of each.
            for who in ["seen", "heard"] {
                for name in ["colour", "shape", "kind"] { #expect(right["\(who) \(name)"] ?? 0 >= 15, "\(right)") }
            }
        }

        @Test("on fixed seeds the aligner and search raise the binder's score and the agreement of picture and sound")
        func guidance() async throws {
            // Images are soon made, and what the aligner adds to them shows in more than a few.
            for (task, samples) in [("v2a", 8), ("a2i", 24)] {
                let folder = try TemporaryFolder()
                let out = folder.url.appending(path: "claim").path
                let claim = try await Python.run(
                    "Benchmarks/claim/claim.py", "--out", out, "--bin", Programs.folder.path, "--samples",
                    "\(samples)", "--first", "3000", "--ranks", "3", "--tasks", task, "--arms",
                    "vanilla,aligner,search", "--set", "aligner:tasks.v2a.guidance.inner_steps=1", limit: 400)
                try #require(claim.code == 0, "\(claim.text)")
                let data = try Data(contentsOf: URL(filePath: "\(out)/claim.json"))
                let findings = try JSONDecoder().decode([String: Finding].self, from: data)
                let (vanilla, aligner, search) = (
                    try #require(findings["\(task)/all/vanilla"]), try #require(findings["\(task)/all/aligner"]),
                    try #require(findings["\(task)/all/search"])
                )
                for finding in [vanilla, aligner, search] { #expect(finding.n == samples && finding.seconds > 0) }
                for guided in [aligner, search] {
                    #expect(guided.score > vanilla.score, "\(task): \(findings)")
                    #expect(guided.agreement[0] > vanilla.agreement[0], "\(task): \(findings)")
                }
                #expect(search.agreement[0] > 0.6, "\(task): \(findings)")
            }
        }
    }
}
