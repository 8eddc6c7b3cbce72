import Files
import Foundation
import Scoring
import TestSupport
import Testing

extension Integration {
    /// What people do with numbers that are there: features of other tools, two results, and values of samples.
    @Suite("Comparisons", .serialized)
    struct ComparisonTests {
        /// What numpy says of the arrays that it wrote.
        private struct Expected: Decodable {
            let frechet: [Double]
            let kernel: [Double]
            let kl: [Double]
            /// The divergence of the third sample of `b`.
            let third: Double
        }

        private let shop: Workshop

        init() throws { shop = try Workshop() }

        private func features(
            _ name: String, _ reference: String, metrics: String, out: String, _ more: String...
        ) async throws -> Programs.Outcome {
            try await Programs.run(
                "seehear",
                [
                    "eval", shop.path("\(name).npy"), "--names", shop.path("\(name).txt"), "--reference",
                    shop.path("\(reference).npy"), "--reference-names", shop.path("\(reference).txt"), "--metrics",
                    metrics, "-o", shop.path(out),
                ] + more)
        }

        private func prepare() async throws -> Expected {
            let made = try await Python.run("Tests/Integration/features.py", shop.folder.path)
            try #require(made.code == 0, "\(made.text)")
            return try JSONDecoder().decode(Expected.self, from: Data(made.output.utf8))
        }

        @Test("features that numpy wrote have the values that numpy computes, and two results are compared")
        func features() async throws {
            let expected = try await prepare()
            func near(_ value: Double?, _ other: Double) -> Bool { abs((value ?? .nan) - other) < 1e-9 }
            for (name, place) in [("half", 0), ("single", 1)] {
                let ran = try await features(name, "real", metrics: "frechet,kernel,inception", out: name, "--logits")
                #expect(ran.code == 0 && ran.output.contains("\(name).npy"), "\(ran.text)")
                let found = try EvaluationFolder(shop.path(name)).result.metrics
                #expect(near(found[0].value, expected.frechet[place]) && near(found[1].value, expected.kernel[place]))
            }
            for name in ["a", "b"] {
                let ran = try await features(
                    name, "logits", metrics: "kl,frechet", out: name, "--logits", "--style", "av-benchmark", "--json")
                #expect(ran.code == 0, "\(ran.text)")
                let printed = try JSONDecoder().decode(EvaluationResult.self, from: ran.data)
                #expect(printed == (try EvaluationFolder(shop.path(name)).result))
                #expect(printed.metrics[0].variant == "exact")
            }
            let compared = try await Programs.seehear("compare", shop.path("a"), shop.path("b"))
            #expect(compared.code == 0 && compared.lines.first?.hasPrefix("metric") == true, "\(compared.text)")
            struct Comparison: Decodable {
                struct Metric: Decodable {
                    let metric: String
                    let difference: Double?
                    let unlike: [String]
                }
                let metrics: [Metric]
            }
            let json = try await Programs.seehear("compare", shop.path("a"), shop.path("b"), "--json")
            let metrics = try JSONDecoder().decode(Comparison.self, from: json.data).metrics
            #expect(metrics.map(\.metric) == ["kl", "frechet"])
            #expect(near(metrics[0].difference, expected.kl[1] - expected.kl[0]) && metrics[0].unlike.isEmpty)
            let third = try EvaluationFolder(shop.path("b")).scores.values(of: "kl").first { $0.key.text == "clip02" }
            #expect(near(third?.value, expected.third))

            // Of unlike features there is no difference that nobody asked for.
            let unlike = try await Programs.seehear("compare", shop.path("a"), shop.path("half"), "--json")
            let refused = try #require(try JSONDecoder().decode(Comparison.self, from: unlike.data).metrics.first)
            #expect(refused.metric == "frechet" && refused.difference == nil && !refused.unlike.isEmpty)
            let anyway = try await Programs.seehear("compare", shop.path("a"), shop.path("half"), "--anyway", "--json")
            #expect(try JSONDecoder().decode(Comparison.self, from: anyway.data).metrics[0].difference != nil)
        }

        @Test("arrays that numpy wrote and that are no features are refused with what to do")
        func unfit() async throws {
            _ = try await prepare()
            for (name, words) in [
                ("fortran", "np.ascontiguousarray"), ("big", "big-endian"), ("objects", "Python objects"),
                ("absent", "no such file"),
            ] {
                let ran = try await features(name, "real", metrics: "frechet", out: "out")
                #expect(
                    ran.code == 2 && ran.errors.contains(words) && ran.errors.contains("\(name).npy"), "\(ran.text)")
            }
            #expect(try !shop.names().contains("out"))
        }

        @Test(
            "what is missing or of no use beside features of other tools is said before they are read",
            arguments: [
                (["x.npy", "--metrics", "fad"], "there is no `fad`; there are frechet"),
                (["x.npy", "--metrics", "frechet"], "frechet compares with a reference"),
                (["x.npy", "--reference", "folder", "--metrics", "frechet"], "give a .npy file for both sides"),
                (["folder", "--reference", "x.npy", "--metrics", "fad"], "give a .npy file for both sides"),
                (["x.npy", "--metrics", "inception"], "--logits"),
                (["x.npy", "--metrics", "inception", "--logits"], "--names"),
                (["x.npy", "--metrics", "inception", "--logits", "--names", "n"], "-o"),
                (
                    ["x.npy", "--reference", "y.npy", "--names", "n", "--metrics", "frechet", "-o", "out"],
                    "--reference-names"
                ),
                (["x.npy", "--metrics", "inception", "--table", "field"], "--table says how features are taken"),
                (["x.npy", "--metrics", "inception", "--seconds", "8"], "--seconds says"),
                (["x.npy", "--metrics", "inception", "--style", "av-benchmark"], "--style"),
                (["x.npy", "--metrics", ","], "name some of frechet"),
                (
                    ["x.npy", "--metrics", "inception", "--logits", "--names", "n", "-o", "out", "--features", "f"],
                    "--features and --reference-features are folders"
                ),
                (["folder", "--metrics", "fad", "--names", "n"], "--names goes with features in .npy files"),
                (["folder", "--metrics", "fad", "-o", "out"], "--out goes with features in .npy files"),
            ])
        func refused(words: [String], reason: String) async throws {
            let ran = try await Programs.run("seehear", ["eval"] + words)
            #expect(ran.code == 2 && ran.output.isEmpty && ran.errors.contains(reason), "\(ran.text)")
        }

        @Test("the worker, which takes features, says who compares those that are there")
        func worker() async throws {
            let ran = try await Programs.worker(["eval", "x.npy", "--metrics", "inception", "--out", "out"])
            #expect(ran.code == 2 && ran.errors.contains("seehear eval compares them"), "\(ran.text)")
        }

        @Test("folders without an evaluation end compare with 2, and say what to name")
        func noEvaluation() async throws {
            for words in [[shop.path("."), shop.path("absent")], [shop.path("absent"), shop.path(".")]] {
                let ran = try await Programs.run("seehear", ["compare"] + words)
                #expect(ran.code == 2 && ran.output.isEmpty && ran.errors.contains("evaluation"), "\(ran.text)")
            }
        }

        @Test("samples are listed by what an evaluation of their run gave them")
        func listing() async throws {
            try await shop.make("a.mp4", "-f lavfi -i testsrc2=s=64x48:r=8:d=1 -c:v mpeg4")
            let rows = ["x", "y", "z"].map { #"{"id": "\#($0)", "video": "a.mp4"}"# }
            let run = shop.path("run")
            try #require(try await Programs.seehear("plan", shop.writeJob(rows: rows), "--out", run).code == 0)
            func list(_ words: String...) async throws -> Programs.Outcome {
                try await Programs.run("seehear", ["ls", run] + words)
            }
            let none = try await list("--sort", "kl")
            #expect(none.code == 2 && none.errors.contains("there is no `kl`; there are index, key, score, loss"))
            #expect(none.errors.contains("the run has no folder evaluation"), "\(none.text)")

            let found = """
                {"schema": "seehear.evaluation/1", "metrics": [
                  {"metric": "kl", "value": 2, "low": 1, "high": 3, "samples": 2, "unusable": {},
                   "feature": {"feature": "cnn14/audioldm_eval", "checkpoint": {}}},
                  {"metric": "av-align:paper", "value": 0.5, "low": 0.5, "high": 0.5, "samples": 1, "unusable": {},
                   "feature": {"feature": "peaks", "checkpoint": {}}}],
                 "generated": {"path": "\(run)", "samples": 3, "failed": {}, "silent": [], "missing": []}}
                """
            let scores =
                #"{"name":"x","scores":{"kl":1.5}}"# + "\n" + #"{"name":"z","scores":{"kl":2.5,"av-align:paper":0.5}}"#
            for folder in ["run/evaluation", "elsewhere"] {
                try shop.write("\(folder)/evaluation.json", found)
                try shop.write("\(folder)/scores.jsonl", scores + "\n")
            }
            func keys(_ outcome: Programs.Outcome) -> [String] { outcome.lines.map { String($0.prefix(1)) } }
            let sorted = try await list("--sort", "kl")
            #expect(sorted.code == 0 && keys(sorted) == ["z", "x", "y"], "\(sorted.text)")
            #expect(sorted.lines.map { $0.contains("kl 2.5000") } == [true, false, false], "\(sorted.text)")
            #expect(sorted.lines[2].contains("kl -") && sorted.errors.isEmpty, "\(sorted.text)")
            #expect(try await keys(list("--sort", "kl", "--reverse")) == ["x", "z", "y"])
            let aligned = try await list("--sort", "av-align", "--evaluation", shop.path("elsewhere"), "--json")
            #expect(
                aligned.lines.first?.contains(#""values":{"av-align:paper":0.5,"kl":2.5}"#) == true, "\(aligned.text)")
            let unknown = try await list("--sort", "fad")
            #expect(
                unknown.code == 2 && unknown.errors.contains("and of \(run)/evaluation av-align:paper, kl"),
                "\(unknown.text)")
            #expect(try await list("--evaluation", shop.path("elsewhere")).code == 2)
            #expect(try await list("--sort", "kl", "--evaluation", shop.path("absent")).code == 2)

            try shop.write("elsewhere/evaluation.json", found.replacing(run, with: "/other"))
            let other = try await list("--sort", "kl", "--evaluation", shop.path("elsewhere"))
            #expect(other.code == 0 && other.errors.contains("is an evaluation of /other"), "\(other.text)")
        }
    }
}
