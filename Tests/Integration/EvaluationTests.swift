import Foundation
import Method
import Scoring
import TestSupport
import Testing

extension Integration {
    /// `seehear-worker eval` and `seehear eval` over folders.
    @Suite("Evaluations", .serialized)
    struct EvaluationTests {
        private let shop: Workshop
        private let networks: TemporaryFolder

        init() throws {
            shop = try Workshop()
            networks = try TemporaryFolder()
            for network in FeatureNetworkName.allCases {
                let drawn = try #require(EvaluationCase.of(network).last)
                _ = try EvaluationCase.write(drawn.entries(), of: network, to: networks)
            }
        }

        /// Six clips a side of two seconds, with sounds beside them.
        private func makeSides() async throws {
            for (side, pitch) in [("made", 300), ("true", 340)] {
                try FileManager.default.createDirectory(atPath: shop.path(side), withIntermediateDirectories: true)
                for number in 0..<6 {
                    try await shop.make(
                        "\(side)/clip\(number).wav",
                        "-f lavfi -i sine=f=\(pitch + 90 * number):r=16000:d=2:b=\(number % 3) -c:a pcm_s16le")
                    try await shop.make(
                        "\(side)/clip\(number).mp4",
                        "-f lavfi -i testsrc2=s=\(64 + 2 * number)x48:r=8:d=2 -c:v libx264 -pix_fmt yuv420p")
                }
            }
        }

        private func evaluate(
            _ ranks: Int, _ out: String, metrics: String, _ more: String...
        ) async throws -> Programs.Outcome {
            try await Programs.mpirun(
                ranks,
                [
                    "eval", shop.path("made"), "--reference", shop.path("true"), "--metrics", metrics, "--networks",
                    networks.url.path, "--out", shop.path(out), "--threads", "1",
                ] + more)
        }

        private func result(_ out: String) throws -> EvaluationResult {
            try JSONDecoder().decode(
                EvaluationResult.self, from: Data(contentsOf: shop.folder.appending(path: "\(out)/evaluation.json")))
        }

        @Test("features and values are the same for any number of ranks, and other metrics need no rank")
        func ranks() async throws {
            try await makeSides()
            let metrics = "fad,fd,fd-passt,kl,isc,fvd,kvd,kad,av-align,av-align:svg"
            for ranks in [1, 2, 3] {
                let ran = try await evaluate(ranks, "out\(ranks)", metrics: metrics)
                // Ten parts of six samples are no Inception score: that costs the one metric, and is told by the exit code.
                #expect(ran.code == 3, "\(ran.text)")
                #expect(
                    ran.output.contains("isc: an Inception score in 10 parts needs at least 10 rows"), "\(ran.text)")
                try FinishedRun(shop.path("out\(ranks)")).expectSameBytes(
                    as: FinishedRun(shop.path("out1")), "\(ranks) ranks")
                #expect(try result("out\(ranks)") == result("out1"))
            }
            let found = try result("out1").metrics
            #expect(found.map(\.metric) == Metric.all(metrics).map(\.description))
            for metric in found where metric.metric != "isc" {
                #expect(metric.value?.isFinite == true && metric.samples == 6, "\(metric)")
                #expect((metric.low == nil) == !["kl", "av-align:paper", "av-align:svg"].contains(metric.metric))
            }
            let other = try await Programs.seehear(
                "eval", shop.path("made"), "--features", shop.path("out1"), "--metrics", "kad:vggish,fad")
            #expect(other.code == 0 && other.output.contains("kad:vggish"), "\(other.text)")
            #expect(try result("out1").metrics.last?.value == found.first?.value)
            let elsewhere = try await Programs.seehear(
                "eval", shop.path("made"), "--reference", shop.path("made"), "--features", shop.path("out1"),
                "--metrics", "fad")
            #expect(
                elsewhere.code == 2 && elsewhere.text.contains("were taken of \(shop.path("true"))"),
                "\(elsewhere.text)")
            // Other features are never put beside those that are there.
            let again = try await evaluate(2, "out1", metrics: "fad")
            #expect(again.code == 2 && again.text.contains("features"), "\(again.text)")
        }

        @Test("what cannot be read, is silent, too short or alone is named, and the rest counts")
        func unfit() async throws {
            try await makeSides()
            try shop.write("made/clip0.wav", Data("RIFF, and nothing that follows it".utf8))
            try await shop.make("made/clip1.wav", "-f lavfi -i anullsrc=r=16000:cl=mono -t 2 -c:a pcm_s16le")
            try await shop.make("made/clip2.wav", "-f lavfi -i sine=f=500:r=16000:d=0.5 -c:a pcm_s16le")
            try FileManager.default.removeItem(atPath: shop.path("true/clip5.wav"))
            try FileManager.default.removeItem(atPath: shop.path("true/clip5.mp4"))
            let ran = try await evaluate(2, "out", metrics: "fad,kl", "--style", "av-benchmark", "--seconds", "2")
            #expect(ran.code == 3, "\(ran.text)")
            let found = try result("out")
            #expect(found.generated.failed.keys.sorted() == ["clip0"])
            #expect(found.generated.failed["clip0"]?.contains("made/clip0.wav") == true)
            #expect(found.generated.silent == ["clip1"])
            #expect(found.reference?.missing == ["clip5"])
            let distance = found.metrics[0]
            #expect(distance.unusable.keys.sorted() == ["clip2"] && distance.samples == 4 && distance.value != nil)
            #expect(distance.unusable["clip2"]?.contains("0.500 s") == true)
            #expect(found.metrics[1].problem?.contains("3 of 5 samples have a partner") == true, "\(found.metrics[1])")
            #expect(ran.output.contains("clip5") && ran.output.contains("clip1"), "\(ran.text)")
        }

        @Test("bind scores compare what a sample has, and what it lacks is its partner's")
        func bindScores() async throws {
            let scenes = Fixtures.checkout.appending(path: "demo/scenes")
            let names = ["scene-00", "scene-01", "scene-02", "scene-03"]
            for name in names {
                for (side, kinds) in [("made", ["wav"]), ("true", ["wav", "mp4"])] {
                    try FileManager.default.createDirectory(
                        atPath: shop.path(side), withIntermediateDirectories: true)
                    for kind in kinds {
                        try FileManager.default.copyItem(
                            at: scenes.appending(path: "\(name).\(kind)"),
                            to: shop.folder.appending(path: "\(side)/\(name).\(kind)"))
                    }
                }
            }
            let binder = Fixtures.checkout.appending(path: "Models/toyworld/imagebind").path
            let metrics = "bind-av,bind-av:loop,bind-at,ib"
            for (side, more) in [("made", ["--reference", shop.path("true")]), ("true", [])] {
                let ran = try await Programs.mpirun(
                    2,
                    [
                        "eval", shop.path(side), "--metrics", metrics, "--network", "imagebind=\(binder)", "--out",
                        shop.path("\(side)-out"), "--threads", "1",
                    ] + more)
                // Nobody says what the scenes show, and they are too short for `ib`.
                #expect(ran.code == 3, "\(ran.text)")
            }
            let (borrowed, own) = (try result("made-out").metrics, try result("true-out").metrics)
            for (one, other) in zip(borrowed, own).prefix(2) {
                #expect(one.value == other.value && one.samples == 4 && one.isInObjective == true, "\(one)")
                #expect(one.referenceSamples == 4 && other.referenceSamples == nil)
                #expect(one.low != nil && one.feature.checkpoint.count == 3, "\(one)")
                // Scenes and their own sounds belong together.
                #expect(try #require(one.value) > 0.4, "\(one)")
            }
            #expect(
                own[2].unusable.count == 4 && own[2].unusable["scene-00"] == "nobody says what it shows", "\(own[2])")
            #expect(
                own[3].value == nil && own[3].unusable["scene-00"]?.contains("8.0 s are looked at") == true, "\(own[3])"
            )
        }

        @Test(
            "an evaluation whose every process is killed goes on where it was, and ends with the same bytes and values")
        func killed() async throws {
            for (side, pitch) in [("made", 300), ("true", 340)] {
                try await shop.make(
                    "\(side).wav", "-f lavfi -i sine=f=\(pitch):r=16000:d=2:b=2 -c:a pcm_s16le")
                try FileManager.default.createDirectory(atPath: shop.path(side), withIntermediateDirectories: true)
                for number in 0..<48 {
                    // Another sound each, of the same length.
                    var wave = try Data(contentsOf: URL(filePath: shop.path("\(side).wav")))
                    for place in stride(from: 256, to: wave.count - 1, by: 2 + number % 7) { wave[place] = 0 }
                    try shop.write("\(side)/clip\(number).wav", wave)
                }
            }
            let metrics = "fad,fd-passt,kl,kad"
            #expect(try await evaluate(3, "whole", metrics: metrics).code == 0)
            let run = FinishedRun(shop.path("killed"))
            let running = try Programs.start(
                3,
                [
                    "eval", shop.path("made"), "--reference", shop.path("true"), "--metrics", metrics, "--networks",
                    networks.url.path, "--out", run.folder, "--threads", "1",
                ])
            while run.committedSegments().isEmpty, !running.hasEnded { try await Task.sleep(for: .milliseconds(2)) }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome(limit: 30)
            let before = try await run.committedRows().count
            try #require((1..<96).contains(before), "it must be killed part-way; \(before) of 96 were done")
            let resumed = try await evaluate(3, "killed", metrics: metrics)
            #expect(resumed.code == 0, "\(resumed.text)")
            try FinishedRun(shop.path("whole")).expectSameBytes(as: run, "after the kill")
            #expect(try result("killed") == result("whole"))
        }

        @Test("a protocol gives what generating and evaluating its samples needs")
        func protocols() async throws {
            let models = Fixtures.checkout.appending(path: "Models/toyworld").path
            try shop.write(
                "p.yaml",
                Data(
                    """
                    title: two seconds of scenes
                    task: v2a
                    samples: 3
                    seed: 4
                    window: {seconds: 1.5, least: 1.5}
                    table: paper-sound
                    job: |
                      guidance: off
                      sampling: {steps: 3}
                      batch: 3
                    remarks: Only a test.
                    """.utf8))
            let chosen = try await Programs.seehear(
                "protocol", shop.path("p.yaml"), "--data", Fixtures.checkout.appending(path: "demo/scenes").path,
                "--out",
                shop.path("row"))
            #expect(chosen.code == 0 && chosen.output.contains("3 samples of 16"), "\(chosen.text)")
            #expect(chosen.output.contains("row/reference.jsonl --table paper-sound"), "\(chosen.text)")
            let made = try await Programs.mpirun(
                2,
                [
                    shop.path("row/job.yaml"), "--out", shop.path("row/run"), "--set",
                    "models.audio=\(models)/audioldm",
                    "--set", "models.binder=\(models)/imagebind", "--set", "threads=1",
                ])
            #expect(made.code == 0, "\(made.text)")
            let ran = try await Programs.mpirun(
                2,
                [
                    "eval", shop.path("row/run"), "--reference", shop.path("row/reference.jsonl"), "--metrics",
                    "fad,kl",
                    "--networks", networks.url.path, "--threads", "1",
                ])
            #expect(ran.code == 0, "\(ran.text)")
            let found = try result("row/run/evaluation")
            #expect(found.metrics.allSatisfy { $0.samples == 3 && $0.value?.isFinite == true }, "\(found.metrics)")
            #expect(found.reference?.missing == [] && found.generated.missing == [])
            let nothing = try await Programs.seehear(
                "protocol", shop.path("p.yaml"), "--data", shop.path("nowhere"), "--out", shop.path("row2"))
            #expect(nothing.code == 2 && nothing.text.contains("nowhere is not there"), "\(nothing.text)")
        }

        @Test(
            "what is missing is said before anything runs",
            arguments: [
                (["--metrics", "fad"], "compares with a reference"),
                (["--metrics", "loud"], "there is no metric `loud`"),
                (["--metrics", "isc", "--network", "cnn14=/nowhere.pth"], "/nowhere.pth"),
                (["--metrics", "isc"], "Cnn14_16k_mAP=0.438.pth"), ([], "--metrics"),
                (["--table", "paper-sound", "--seconds", "-1"], "--seconds"),
            ])
        func refused(arguments: [String], words: String) async throws {
            try FileManager.default.createDirectory(atPath: shop.path("made"), withIntermediateDirectories: true)
            try shop.write("made/a.wav", Data())
            let ran = try await Programs.worker(["eval", shop.path("made"), "--out", shop.path("out")] + arguments)
            #expect(ran.code == 2 && ran.text.contains(words), "\(ran.text)")
        }

        @Test("a metric without a reference says nothing of one")
        func alone() async throws {
            try FileManager.default.createDirectory(atPath: shop.path("made"), withIntermediateDirectories: true)
            try await shop.make("made/a.wav", "-f lavfi -i sine=f=500:r=16000:d=2 -c:a pcm_s16le")
            try await shop.make(
                "made/a.mp4", "-f lavfi -i testsrc2=s=64x48:r=8:d=2 -c:v libx264 -pix_fmt yuv420p")
            let ran = try await Programs.worker(
                ["eval", shop.path("made"), "--out", shop.path("out"), "--metrics", "av-align"])
            #expect(ran.code == 0 && !ran.output.contains("the reference"), "\(ran.text)")
            #expect(try result("out").reference == nil)
        }

        @Test("networks that are others than those needed are refused before anything is written")
        func otherNetworks() async throws {
            try FileManager.default.createDirectory(atPath: shop.path("made"), withIntermediateDirectories: true)
            try await shop.make("made/a.wav", "-f lavfi -i sine=f=500:r=16000:d=1 -c:a pcm_s16le")
            let other = networks.url.appending(path: FeatureNetworkName.passt.usualFile).path
            let ran = try await Programs.worker([
                "eval", shop.path("made"), "--out", shop.path("out"), "--metrics", "isc", "--network", "cnn14=\(other)",
            ])
            #expect(
                ran.code == 2 && ran.text.contains("these are the weights of PaSST, and those of CNN14"), "\(ran.text)")
            #expect(!FileManager.default.fileExists(atPath: shop.path("out")))
        }
    }
}

extension Metric {
    fileprivate static func all(_ names: String) -> [Metric] {
        names.split(separator: ",").compactMap { Metric(String($0)) }
    }
}
