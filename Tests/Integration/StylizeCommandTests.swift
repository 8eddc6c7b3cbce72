import Foundation
import TestSupport
import Testing

extension Integration {
    /// `seehear-worker stylize`, and what follows it: the paper's pictures, captions, and a run.
    @Suite("Stylize command", .serialized)
    struct StylizeCommandTests {
        private let shop: Workshop
        private let models: TemporaryFolder
        private let weights: String

        init() throws {
            shop = try Workshop()
            models = try TemporaryFolder()
            weights = try PaprikaModel.read().write(to: models)
            let scenes = Fixtures.checkout.appending(path: "demo/scenes")
            for name in ["scene-00.mp4", "scene-03.png"] {
                try FileManager.default.copyItem(
                    at: scenes.appending(path: name), to: shop.folder.appending(path: name))
            }
            try shop.write(
                "rows.jsonl",
                """
                {"id": "film", "task": "v2a", "video": "scene-00.mp4", "seed": 3}
                {"id": "still", "image": "scene-03.png", "prompt": "a star"}

                """)
        }

        private func stylize(_ ranks: Int, _ out: String, _ more: String...) async throws -> Programs.Outcome {
            try await Programs.mpirun(
                ranks,
                ["stylize", shop.path("rows.jsonl"), "--model", weights, "--out", shop.path(out), "--threads", "1"]
                    + more)
        }

        private func bytes(_ name: String) throws -> Data { try Data(contentsOf: shop.folder.appending(path: name)) }

        @Test("pictures are the same for any number of ranks; then they are captioned, and a run hears them")
        func protocolOfThePaper() async throws {
            for ranks in [1, 3] {
                let ran = try await stylize(ranks, "drawn\(ranks)", "--keyframe", "katna")
                #expect(ran.code == 0 && ran.output.hasPrefix("2 pictures in"), "\(ran.text)")
                for name in ["film.png", "still.png", "manifest.jsonl"] {
                    #expect(try bytes("drawn\(ranks)/\(name)") == bytes("drawn1/\(name)"), "\(name), \(ranks) ranks")
                }
            }
            let rows = try String(decoding: bytes("drawn1/manifest.jsonl"), as: UTF8.self).split(separator: "\n")
            #expect(rows.count == 2 && rows[0].contains(#""image":"film.png""#) && rows[0].contains(#""seed":3"#))
            #expect(rows[1].contains(#""prompt":"a star""#) && rows.allSatisfy { $0.contains(#""task":"i2a""#) })

            let world = Fixtures.checkout.appending(path: "Models/toyworld").path
            try shop.write(
                "job.yaml",
                """
                task: i2a
                manifest: drawn1/manifest.jsonl
                models: {audio: \(world)/audioldm, binder: \(world)/imagebind}
                caption: model
                captioner: {image: \(world)/captioners/image}
                preset: paper
                guidance: off
                sampling: {steps: 2, duration: 1}
                threads: 1
                """)
            let told = try await Programs.worker(
                ["caption", shop.path("job.yaml"), "--out", shop.path("captioned.jsonl")])
            #expect(told.code == 0 && told.output.contains("1 rows captioned"), "\(told.text)")
            let heard = try await Programs.worker(
                [
                    shop.path("job.yaml"), "--set", "manifest=\(shop.path("captioned.jsonl"))", "--set", "caption=none",
                    "--out", shop.path("run"),
                ])
            #expect(heard.code == 2, "a captioner that nothing asks is refused: \(heard.text)")
            let run = try await Programs.worker(
                [
                    shop.path("job.yaml"), "--set", "manifest=\(shop.path("captioned.jsonl"))", "--out",
                    shop.path("run"),
                ])
            #expect(run.code == 0, "\(run.text)")

            // The preset by itself: of the film's frame that Katna takes, or ours where it finds none, in detail.
            let film = try await Programs.worker(
                [
                    shop.path("job.yaml"), "--set", "manifest=\(shop.path("rows.jsonl"))", "--out",
                    shop.path("film"),
                ])
            #expect(film.code == 0, "\(film.text)")
            let taken = try await Programs.seehear("extract", shop.path("film"), "film", "-o", shop.path("out"))
            try #require(taken.code == 0, "\(taken.text)")
            let sample = try #require(JSONSerialization.jsonObject(with: bytes("out/film.json")) as? [String: Any])
            let caption = try #require(sample["caption"] as? [String: Any])
            let source = try #require(sample["source"] as? [String: Any])
            #expect(caption["source"] as? String == "model" && caption["score"] is Double)
            #expect(
                ["katna", "seehear"].contains(source["key_frame_rule"] as? String), "\(source["key_frame_rule"] ?? "")")
            #expect(source["key_frame"] is Double)
            let words = try #require(sample["prompt"] as? String).split(separator: " ")
            #expect(words.contains("blue") && words.contains("triangle") && words.count <= 35, "\(words)")
        }

        @Test("rows without a picture, files that are none and other weights are named")
        func refusals() async throws {
            try shop.write("rows.jsonl", #"{"id": "a", "task": "a2v", "audio": "scene-00.mp4"}"# + "\n")
            let sound = try await stylize(1, "out")
            #expect(sound.code == 2 && sound.text.contains("no picture to redraw"), "\(sound.text)")
            try shop.write("rows.jsonl", #"{"id": "a", "image": "text.png"}"# + "\n")
            try shop.write("text.png", "no picture")
            let text = try await stylize(1, "out")
            #expect(text.code == 2 && text.text.contains("text.png"), "\(text.text)")
            try shop.write("rows.jsonl", #"{"id": "a", "image": "scene-03.png"}"# + "\n")
            let other = try await Programs.worker(
                [
                    "stylize", shop.path("rows.jsonl"), "--model",
                    Fixtures.checkout.appending(path: "Models/toyworld/sd15/vae/diffusion_pytorch_model.safetensors")
                        .path, "--out", shop.path("out"),
                ])
            #expect(other.code != 0 && other.text.contains("block_a.0.1.weight"), "\(other.text)")
            #expect(try !shop.names().contains("out"))
        }
    }
}
