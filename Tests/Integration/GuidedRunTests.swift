import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// Runs whose samples are chosen from several beginnings, of which more than one is kept.
    @Suite("Runs with guides", .serialized)
    struct GuidedRunTests {
        private static let rows = [
            #"{"id": "one", "task": "v2a", "video": "scene-00.mp4", "prompt": "something is happening"}"#,
            #"{"id": "two", "task": "v2a", "video": "scene-03.mp4"}"#,
            #"{"id": "three", "task": "i2a", "image": "scene-02.png", "prompt": "a low tone"}"#,
            #"{"id": "four", "task": "a2i", "audio": "scene-01.wav"}"#,
            #"{"id": "five", "task": "joint", "prompt": "a red circle bounces"}"#,
        ]

        /// Two finished samples of each row, of four beginnings. Silence is kept, since four steps make what they make.
        private func writeJob(_ shop: Workshop) throws -> String {
            let scenes = Fixtures.checkout.appending(path: "demo/scenes").path
            let models = Fixtures.checkout.appending(path: "Models/toyworld").path
            try shop.write("scenes.jsonl", Self.rows.joined(separator: "\n"))
            try shop.write(
                "labels.txt",
                """
                a red circle bounces
                a blue square flashes with a low tone
                a green star pulses with a high tone
                a yellow triangle bounces
                a white circle flashes
                a purple square pulses

                """)
            try shop.write(
                "job.yaml",
                """
                task: v2a
                manifest: scenes.jsonl
                root: \(scenes)
                models:
                  audio: \(models)/audioldm
                  image: \(models)/sd15
                  motion: \(models)/motion_adapter
                  binder: \(models)/imagebind
                labels: labels.txt
                preset: search
                sampling: {steps: 4, duration: 1, frames: 4, fps: 4, width: 64, height: 64}
                guidance: {particles: 4, rounds: {0.25: 3, 0.5: 2}, best: 2, keep: all}
                silence: allow
                blank: allow
                batch: 1
                shard: 3
                threads: 1
                """)
            return shop.path("job.yaml")
        }

        @Test("what the guides found and every kept sample is the same on 1 rank, on 2, and after a kill")
        func sameBytes() async throws {
            let shop = try Workshop()
            let job = try writeJob(shop)
            let first = FinishedRun(shop.path("run-1"))
            let one = try await Programs.mpirun(1, [job, "--out", first.folder])
            try #require(one.code == 0, "\(one.text)")
            let second = FinishedRun(shop.path("run-2"))
            let two = try await Programs.mpirun(2, [job, "--out", second.folder])
            #expect(two.code == 0, "\(two.text)")
            try first.expectSameBytes(as: second, "2 ranks")

            let killed = FinishedRun(shop.path("run-3"))
            let planned = try await Programs.seehear("plan", job, "--out", killed.folder)
            #expect(planned.code == 0, "\(planned.text)")
            let running = try Programs.start(2, [killed.folder])
            while killed.committedSegments().isEmpty, !running.hasEnded {
                try await Task.sleep(for: .milliseconds(5))
            }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome(limit: 30)
            let before = try await killed.committedRows()
            try #require((1..<5).contains(before.count), "it must be killed part-way; \(before.count) of 5 were done")
            let resumed = try await Programs.mpirun(2, [killed.folder])
            #expect(resumed.code == 0, "\(resumed.text)")
            try first.expectSameBytes(as: killed, "after the kill")

            try await check(first, shop)
        }

        /// Foundation's JSONSerialization errs in the last digit of a number.
        private static func isSame(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

        /// What came of it, as the commands and other programs read it.
        private func check(_ run: FinishedRun, _ shop: Workshop) async throws {
            let rows = try await run.rows()
            try #require(rows.count == 5 && rows.allSatisfy { $0.status == .ok }, "\(rows)")
            for row in rows {
                let found = row.findings
                let score = try #require(found.choice.score, "\(row.key)")
                #expect((-1...1).contains(score))
                #expect(found.choice.particle.map { (0..<4).contains($0) } == true)
                #expect(found.choice.cuts.map(\.particles.count) == [4, 3])
                #expect(found.choice.cuts.map(\.kept.count) == [3, 2])
                #expect(found.choice.cuts.map(\.step) == [1, 2])
                #expect(found.choice.cuts.last?.kept.contains(found.choice.particle ?? -1) == true)
                #expect(!found.words.isEmpty)
            }
            #expect(rows.map { $0.findings.videoChoice != nil } == [false, false, false, false, true])

            let verified = try await Programs.seehear("verify", "--deep", run.folder)
            #expect(verified.code == 0, "\(verified.text)")
            try await OtherReaders.read(run.folder)

            let listed = try await Programs.seehear("ls", run.folder, "--sort", "score")
            #expect(
                listed.lines.count == 5 && listed.lines.allSatisfy { $0.contains("in objective") }, "\(listed.text)")
            let told = try await Programs.seehear("ls", run.folder, "--sort", "score", "--json")
            let scores = try told.lines.map { line in
                let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return try #require(entry?["score"] as? Double)
            }
            let highestFirst = rows.compactMap(\.findings.choice.score).sorted(by: >)
            #expect(scores.count == 5 && zip(scores, highestFirst).allSatisfy(Self.isSame), "\(scores)")

            let extracted = try await Programs.seehear("extract", run.folder, "--all", "-o", shop.path("out"))
            #expect(extracted.code == 0, "\(extracted.text)")
            let names = try Set(FileManager.default.contentsOfDirectory(atPath: shop.path("out")))
            for name in ["one.flac", "one.2.flac", "two.2.mp4", "four.2.png", "five.2.mp4", "five.2.audio_latent.npy"] {
                #expect(names.contains(name), "\(name) in \(names.sorted())")
            }
            for row in rows {
                let data = try Data(contentsOf: URL(filePath: shop.path("out/\(row.key).json")))
                let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                let score = try #require(row.findings.choice.score)
                #expect(Self.isSame(try #require(document["score"] as? Double), score))
                let finished = try #require(document["finished"] as? [[String: Any]])
                #expect(finished.map { $0["rank"] as? Int } == [1, 2])
                let ranked = finished.compactMap { $0["score"] as? Double }
                #expect(ranked.count == 2 && Self.isSame(ranked[0], score) && ranked[0] >= ranked[1], "\(ranked)")
            }
            // Two beginnings make two sounds.
            let sounds = try ["one.flac", "one.2.flac"].map {
                try Data(contentsOf: URL(filePath: shop.path("out/\($0)")))
            }
            #expect(sounds[0] != sounds[1])
        }
    }
}
