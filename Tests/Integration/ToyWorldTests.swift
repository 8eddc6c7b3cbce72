import Foundation
import TestSupport
import Testing

extension Integration {
    /// The trained models: what is made means something, and the aligner makes it mean the right thing.
    @Suite("The toy world", .serialized)
    struct ToyWorldTests {
        /// What `claim.py` writes of one task.
        private struct Finding: Decodable {
            let n: Int
            let vanilla: Double
            let aligner: Double
            let lossVanilla: Double
            let lossAligner: Double

            private enum CodingKeys: String, CodingKey {
                case n, vanilla, aligner
                case losses = "bind_loss"
            }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                n = try values.decode(Int.self, forKey: .n)
                vanilla = try values.decode(Double.self, forKey: .vanilla)
                aligner = try values.decode(Double.self, forKey: .aligner)
                let losses = try values.decode([Double].self, forKey: .losses)
                (lossVanilla, lossAligner) = (losses[0], losses[1])
            }
        }

        /// The scenes as files lie in `demo/scenes`; what they are is in `truth.json`.
        @Test("the judge finds in the held-out files what their scenes are")
        func judge() async throws {
            let judged = try await Python.run("Tests/Integration/judge_scenes.py")
            #expect(judged.code == 0, "\(judged.text)")
            #expect(judged.output.contains("16 scenes"), "\(judged.text)")
        }

        @Test("on fixed seeds guidance lowers the loss and raises the agreement of picture and sound")
        func guidance() async throws {
            let folder = try TemporaryFolder()
            let out = folder.url.appending(path: "claim").path
            let claim = try await Python.run(
                "Benchmarks/claim/claim.py", "--out", out, "--bin", Programs.folder.path, "--samples", "8",
                "--ranks", "3", "--tasks", "v2a,a2i", "--set", "tasks.v2a.guidance.inner_steps=1", limit: 400)
            try #require(claim.code == 0, "\(claim.text)")
            let data = try Data(contentsOf: URL(filePath: "\(out)/claim.json"))
            let findings = try JSONDecoder().decode([String: Finding].self, from: data)
            for task in ["v2a", "a2i"] {
                let finding = try #require(findings["\(task)/all"])
                #expect(finding.n == 8)
                #expect(finding.lossAligner < finding.lossVanilla, "\(task): \(finding)")
                #expect(finding.aligner > finding.vanilla, "\(task): \(finding)")
            }
        }
    }
}
