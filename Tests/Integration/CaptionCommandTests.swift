import Foundation
import TestSupport
import Testing

extension Integration {
    /// `seehear-worker caption` as a user calls it, with the small captioners of the goldens.
    @Suite("Caption command", .serialized)
    struct CaptionCommandTests {
        private let shop: Workshop
        private let captioners: TemporaryFolder
        private let image: String
        private let audio: String

        init() throws {
            shop = try Workshop()
            captioners = try TemporaryFolder()
            image = try CaptionerModels.florence(in: captioners)
            audio = try CaptionerModels.whisper(in: captioners)
            let scenes = Fixtures.checkout.appending(path: "demo/scenes")
            for name in ["scene-00.mp4", "scene-01.mp4", "scene-02.wav", "scene-03.png", "scene-04.wav"] {
                try FileManager.default.copyItem(
                    at: scenes.appending(path: name), to: shop.folder.appending(path: name))
            }
        }

        private static let rows = [
            #"{"id": "film", "video": "scene-00.mp4", "start": 0.5, "seed": 7}"#,
            #"{"id": "still", "task": "i2a", "video": "scene-01.mp4"}"#,
            #"{"id": "sound", "task": "a2i", "audio": "scene-02.wav"}"#,
            #"{"id": "told", "task": "i2a", "image": "scene-03.png", "prompt": "a red circle bounces"}"#,
            #"{"id": "both", "task": "joint", "prompt": "rain"}"#,
            #"{"id": "last", "task": "a2v", "audio": "scene-04.wav", "negative_prompt": "noise"}"#,
        ]

        private func writeJob(rows: [String] = Self.rows, _ more: String = "") throws -> String {
            try shop.write("rows.jsonl", rows.joined(separator: "\n") + "\n")
            let binder = Fixtures.checkout.appending(path: "Models/toyworld/imagebind").path
            try shop.write(
                "job.yaml",
                """
                task: v2a
                manifest: rows.jsonl
                models: {binder: \(binder)}
                caption: model
                captioner: {image: \(image), audio: \(audio), style: "clotho > caption: ", max_tokens: 12}
                sampling: {width: 64, height: 64}
                batch: 1
                shard: 2
                threads: 1
                \(more)
                """)
            return shop.path("job.yaml")
        }

        private func objects(_ name: String) throws -> [[String: Any]] {
            try String(contentsOfFile: shop.path(name), encoding: .utf8).split(separator: "\n").map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }

        @Test("the manifest is the same for any number of ranks, also of a run that was killed, and says who told what")
        func ranks() async throws {
            let job = try writeJob()
            for ranks in [1, 2, 3] {
                let ran = try await Programs.mpirun(ranks, ["caption", job, "--out", shop.path("out\(ranks).jsonl")])
                #expect(ran.code == 0 && ran.output.contains("4 rows captioned"), "\(ran.text)")
                #expect(
                    try Data(contentsOf: shop.folder.appending(path: "out\(ranks).jsonl"))
                        == Data(contentsOf: shop.folder.appending(path: "out1.jsonl")))
            }
            let rows = try objects("out1.jsonl")
            #expect(rows.map { $0["id"] as? String } == ["film", "still", "sound", "told", "both", "last"])
            #expect(rows.allSatisfy { ($0["prompt"] as? String)?.isEmpty == false })
            #expect(rows[3]["prompt"] as? String == "a red circle bounces" && rows[4]["prompt"] as? String == "rain")
            #expect(rows[0]["video"] as? String == "scene-00.mp4" && rows[0]["start"] as? Double == 0.5)
            #expect(rows[0]["seed"] as? Int == 7 && rows[5]["negative_prompt"] as? String == "noise")
            let known = try objects("out1.captions.jsonl")
            #expect(known.map { $0["id"] as? String } == ["film", "still", "sound", "last"])
            #expect(known.map { $0["medium"] as? String } == ["image", "image", "audio", "audio"])
            #expect(known.allSatisfy { $0["cosine"] is Double && $0["score"] is Double && $0["models"] != nil })
            #expect(known[0]["key_frame"] is Double && known[2]["key_frame"] == nil)

            // Killed once something is there, and called again.
            let running = try Programs.start(2, ["caption", job, "--out", shop.path("again.jsonl")])
            let segments = shop.path("again.run/segments")
            for _ in 0..<600 where (try? FileManager.default.contentsOfDirectory(atPath: segments))?.isEmpty ?? true {
                try await Task.sleep(for: .milliseconds(50))
            }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome()
            let resumed = try await Programs.mpirun(3, ["caption", job, "--out", shop.path("again.jsonl")])
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(
                try Data(contentsOf: shop.folder.appending(path: "again.jsonl"))
                    == Data(contentsOf: shop.folder.appending(path: "out1.jsonl")))
        }

        @Test("a row that cannot be captioned is named and keeps its place; --all captions anew")
        func failures() async throws {
            try shop.write("broken.png", "no picture")
            let rows = Self.rows + [#"{"id": "broken", "task": "i2a", "image": "broken.png"}"#]
            let refused = try await Programs.worker(["caption", writeJob(rows: rows), "--out", shop.path("a.jsonl")])
            #expect(refused.code == 2 && refused.text.contains("broken.png"), "\(refused.text)")
            let recorded = try await Programs.worker(
                ["caption", writeJob(rows: rows, "invalid_rows: record"), "--out", shop.path("a.jsonl")])
            #expect(recorded.code == 3 && recorded.output.contains("1 could not be captioned"), "\(recorded.text)")
            #expect(try objects("a.jsonl").last?["prompt"] == nil)
            let failure = try objects("a.captions.jsonl").last?["failure"] as? [String: Any]
            #expect((failure?["message"] as? String)?.contains("broken.png") == true)
            let all = try await Programs.worker(
                ["caption", writeJob(), "--all", "--out", shop.path("all.jsonl")])
            #expect(all.code == 0 && all.output.contains("5 rows captioned"), "\(all.text)")
            #expect(try objects("all.jsonl")[3]["prompt"] as? String != "a red circle bounces")
            #expect(try objects("all.jsonl")[4]["prompt"] as? String == "rain", "joint has nothing but its prompt")
        }

        @Test("a job that cannot be captioned is told why, and nothing is written")
        func refusals() async throws {
            let told = try await Programs.worker(
                ["caption", writeJob(rows: [Self.rows[3]]), "--out", shop.path("a.jsonl")])
            #expect(told.code == 2 && told.text.contains("nothing to caption"), "\(told.text)")
            let none = try await Programs.worker(
                ["caption", writeJob(), "--set", "caption=none", "--out", shop.path("a.jsonl")])
            #expect(none.code == 2, "\(none.text)")
            let name = try await Programs.worker(["caption", writeJob(), "--out", shop.path("a.csv")])
            #expect(name.code == 2 && name.text.contains("must end in .jsonl"), "\(name.text)")
            #expect(try !shop.names().contains { $0.hasPrefix("a.") })
        }
    }
}
