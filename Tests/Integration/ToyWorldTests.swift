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
