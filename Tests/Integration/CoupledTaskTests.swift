import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// `mm`: films and their sounds by MM-Diffusion, from nothing but seeds.
    @Suite("A film and its sound from nothing", .serialized)
    struct CoupledTaskTests {
        private let shop: Workshop

        init() throws { shop = try Workshop() }

        private func job(_ rows: [String], _ more: String = "", upscaler: Bool = false) throws -> String {
            let models = RandomModels.folder.path
            try shop.write("rows.jsonl", rows.joined(separator: "\n") + "\n")
            try shop.write(
                "job.yaml",
                """
                task: mm
                manifest: rows.jsonl
                models:
                  mm: \(models)/mm/landscape.pt
                  binder: \(models)/imagebind
                \(upscaler ? "  upscaler: \(models)/mm/landscape_SR.pt" : "")
                sampling:
                  steps: 4
                  mm: {scheduler: ddim, size: 16, head_channels: 16, windows: [1, 4], upscale_steps: 2}
                batch: 2
                shard: 4
                threads: 1
                \(more)
                """)
            return shop.path("job.yaml")
        }

        private func members(_ run: String, _ key: String) async throws -> [String: Data] {
            let out = shop.path("out-\(UUID().uuidString)")
            let taken = try await Programs.seehear("extract", run, key, "-o", out)
            #expect(taken.code == 0, "\(taken.text)")
            let names = try FileManager.default.contentsOfDirectory(atPath: out)
            return try Dictionary(
                uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: out).appending(path: $0))) })
        }

        @Test("guided and not, on one rank and on three, the same bytes, also after a kill")
        func ranks() async throws {
            let rows = (0..<5).map { #"{"id": "r\#($0)"}"# } + [#"{"id": "given", "seed": 7}"#]
            for (name, settings) in [
                ("guided", "guidance: {learning_rate_scale: sigma, start: 0}"), ("plain", "guidance: off"),
            ] {
                let file = try job(rows, settings)
                for ranks in [1, 3] {
                    let ran = try await Programs.mpirun(ranks, [file, "--out", shop.path("\(name)\(ranks)")])
                    #expect(ran.code == 0, "\(ran.text)")
                }
                #expect(try shards("\(name)1") == shards("\(name)3"))
            }
            let file = try job(rows, "guidance: off")
            let running = try Programs.start(2, [file, "--out", shop.path("killed")])
            let segments = shop.path("killed/segments")
            for _ in 0..<600 where (try? FileManager.default.contentsOfDirectory(atPath: segments))?.isEmpty ?? true {
                try await Task.sleep(for: .milliseconds(50))
            }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome()
            let resumed = try await Programs.mpirun(1, [file, "--out", shop.path("killed")])
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(try shards("killed") == shards("plain1"))

            let plain = try await members(shop.path("plain1"), "given")
            #expect(Set(plain.keys) == ["given.json", "given.flac", "given.mp4"])
            let document = try #require(plain["given.json"])
            let sample = try #require(JSONSerialization.jsonObject(with: document) as? [String: Any])
            #expect(sample["seed"] as? Int == 7 && sample["duration"] as? Double == 1.6)
            let sampling = try #require(sample["sampling"] as? [String: Any])
            #expect((sampling["mm"] as? [String: Any])?["scheduler"] as? String == "ddim")
            #expect(sample["score"] is Double)
            let guided = try await members(shop.path("guided1"), "given")
            #expect(guided["given.flac"] != plain["given.flac"] && guided["given.mp4"] != plain["given.mp4"])
        }

        @Test("beginnings are chosen among by how well picture and sound agree, and the best are kept")
        func beginnings() async throws {
            let file = try job(
                [#"{"id": "a"}"#], "preset: search\nguidance: {particles: 3, rounds: {0.25: 2}, best: 2, keep: all}")
            let ran = try await Programs.worker([file, "--out", shop.path("run")])
            #expect(ran.code == 0, "\(ran.text)")
            let made = try await members(shop.path("run"), "a")
            #expect(Set(made.keys) == ["a.json", "a.flac", "a.mp4", "a.2.flac", "a.2.mp4"], "\(made.keys)")
            #expect(made["a.flac"] != made["a.2.flac"])
        }

        private func shards(_ run: String) throws -> [String: Data] {
            let folder = shop.folder.appending(path: "\(run)/shards")
            // What is beside the archives tells times.
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".tar.zst") }
            #expect(names.count == 2)
            return try Dictionary(
                uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: folder.appending(path: $0))) })
        }

        @Test("frames are enlarged where a model for it is named")
        func enlarged() async throws {
            let file = try job([#"{"id": "a"}"#], "guidance: off\nmembers: [json, mp4, video_latent]", upscaler: true)
            let ran = try await Programs.worker([file, "--out", shop.path("run")])
            #expect(ran.code == 0, "\(ran.text)")
            let made = try await members(shop.path("run"), "a")
            try shop.write("a.mp4", #require(made["a.mp4"]))
            let probe = try await Programs.run(
                "ffprobe",
                ["-v", "error", "-select_streams", "v", "-count_frames", "-show_entries"]
                    + ["stream=width,height,nb_read_frames,avg_frame_rate", "-of", "csv=p=0", shop.path("a.mp4")])
            #expect(probe.lines == ["64,64,10/1,16"], "\(probe.text)")
        }

        @Test(
            "what the task has no use for is named",
            arguments: [
                (#"{"id": "a", "prompt": "rain"}"#, "", "has no prompt"),
                (#"{"id": "a", "duration": 2}"#, "", "leave it out"),
                (
                    #"{"id": "a"}"#,
                    "guidance: {gradient: noise}\ntasks: {mm: {sampling: {mm: {scheduler: dpm_solver}}}}",
                    "scheduler: ddim"
                ),
                (#"{"id": "a"}"#, "guidance: {particles: {audio: 2}}", "one number for both"),
                (#"{"id": "a"}"#, "tasks: {mm: {sampling: {steps: 51}}}", "no whole stride"),
                (#"{"id": "a"}"#, "tasks: {mm: {sampling: {mm: {frames: 8}}}}", "must last equally long"),
                (#"{"id": "a"}"#, "tasks: {mm: {sampling: {mm: {heads: 3}}}}", "heads"),
            ])
        func refused(row: String, settings: String, needed: String) async throws {
            let ran = try await Programs.seehear("plan", job([row], settings), "--out", shop.path("run"))
            #expect(ran.code == 2 && ran.text.contains(needed), "\(ran.text)")
        }
    }
}
