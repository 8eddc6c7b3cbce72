import Foundation
import Shard
import TestSupport
import Testing

/// Everything here runs the real programs, most of it under `mpirun`; one test at a time, because each takes all cores.
@Suite("Integration", .serialized)
enum Integration {}

extension Integration {
    /// Whole runs: what comes out, that others can read it, and that it is the same each time.
    @Suite("Whole runs", .serialized)
    struct EndToEndTests {
        @Test("a planned job on 3 ranks: every sample is made, and the commands show it")
        func wholeRun() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob()
            let run = shop.path("run")
            let dry = try await Programs.seehear("plan", job, "--dry-run")
            #expect(dry.code == 0, "\(dry.text)")
            let what =
                "v2a, preset official: 4 steps of ddim; one beginning; the aligner (adam, rate 0.1, of the prompt 0)"
            #expect(dry.lines.contains { $0.hasPrefix(what) }, "\(dry.text)")
            #expect(dry.lines.contains { $0.contains("times the work of a plain run; 2 rows at once.") }, "\(dry.text)")
            #expect(!FileManager.default.fileExists(atPath: run))
            let planned = try await Programs.seehear("plan", job, "--out", run)
            #expect(planned.code == 0, "\(planned.text)")
            let ran = try await Programs.mpirun(3, [run])
            #expect(ran.code == 0, "\(ran.text)")

            let status = try await Programs.seehear("status", run)
            #expect(status.output.contains("complete") && status.output.contains("6 of 6"), "\(status.text)")
            let listed = try await Programs.seehear("ls", run)
            #expect(listed.lines.count == 6 && listed.lines.allSatisfy { $0.contains(" ok ") }, "\(listed.text)")
            for (words, keys) in [
                (["--key", "??rs"], ["bars"]), (["--key", "*a*", "--limit", "1"], ["card"]), (["--task", "a2v"], []),
                (["--task", "v2a", "--sort", "key", "--limit", "2"], ["bars", "card"]),
            ] {
                let some = try await Programs.run("seehear", ["ls", run] + words)
                #expect(some.lines.map { String($0.prefix { $0 != " " }) } == keys, "\(words): \(some.text)")
            }
            let verified = try await Programs.seehear("verify", "--deep", run)
            #expect(verified.code == 0, "\(verified.text)")
            let leftovers = try FileManager.default.contentsOfDirectory(atPath: "\(run)/segments")
            #expect(leftovers.isEmpty)

            let rows = try await FinishedRun(run).rows()
            #expect(rows.map(\.key) == ["card", "bars", "life", "drift", "snow", "zoom"])
            #expect(rows.allSatisfy { $0.status == .ok && !$0.losses.isEmpty && $0.losses.allSatisfy(\.isFinite) })
            #expect(rows[1].seed == 11)
            #expect(rows[2].prompt == nil)
            #expect(Set(rows.compactMap(\.rank)).isSubset(of: [1, 2]), "rank 0 coordinates")
        }

        @Test("the extracted files play: the clip with its new sound, the sound alone, what made it")
        func extractedFiles() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let run = shop.path("run")
            let ran = try await Programs.mpirun(2, [try shop.writeJob(), "--out", run])
            #expect(ran.code == 0, "\(ran.text)")
            let extracted = try await Programs.seehear("extract", run, "card", "drift", "-o", shop.path("out"))
            #expect(extracted.code == 0, "\(extracted.text)")
            for key in ["card", "drift"] {
                let probe = [
                    "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels", "-of", "csv=p=0",
                ]
                let video = try await Programs.run("ffprobe", probe + [shop.path("out/\(key).mp4")])
                #expect(video.lines.contains { $0.hasPrefix("h264") }, "\(video.text)")
                #expect(video.lines.contains { $0.hasPrefix("aac") }, "\(video.text)")
                let sound = try await Programs.run("ffprobe", probe + [shop.path("out/\(key).flac")])
                #expect(sound.lines == ["flac,16000,1"], "\(sound.text)")
                let document = try Data(contentsOf: URL(filePath: shop.path("out/\(key).json")))
                let fields = try #require(try JSONSerialization.jsonObject(with: document) as? [String: Any])
                #expect(fields["key"] as? String == key)
                #expect(fields["losses"] is [Double])
            }
        }

        /// Heaps are filled with another byte in each run: what depends on memory that was never written would show.
        @Test("the shards are the same bytes with 1, 2 and 3 ranks, and when rank 0 works too")
        func sameBytes() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob()
            let runs: [(name: String, ranks: Int?, more: [String])] = [
                ("without mpirun", nil, []), ("2 ranks", 2, []), ("3 ranks", 3, []),
                ("3 ranks, all working", 3, ["--coordinator-works"]),
            ]
            let first = FinishedRun(shop.path("run-0"))
            for (index, kind) in runs.enumerated() {
                let run = shop.path("run-\(index)")
                let environment = ["MALLOC_PERTURB_": "\(index * 70)"]
                let arguments = [job, "--out", run] + kind.more
                let ran =
                    if let ranks = kind.ranks {
                        try await Programs.mpirun(ranks, arguments, environment: environment)
                    } else {
                        try await Programs.worker(arguments, environment: environment)
                    }
                #expect(ran.code == 0, "\(kind.name): \(ran.text)")
                if index > 0 { try first.expectSameBytes(as: FinishedRun(run), kind.name) }
            }
        }

        @Test("clips and images in one job, as plain tar")
        func mixedTar() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            try await shop.make("still.png", "-f lavfi -i smptebars=s=64x48 -frames:v 1")
            try await shop.make("still.jpg", "-f lavfi -i testsrc2=s=48x64 -frames:v 1")
            let job = try shop.writeJob(
                rows: Workshop.rows.prefix(2) + [
                    #"{"id": "png", "task": "i2a", "image": "still.png", "prompt": "a bell"}"#,
                    #"{"id": "jpg", "task": "i2a", "image": "still.jpg", "duration": 2}"#,
                ], settings: "members: [json, wav, audio_latent]\ncompression: none\npreset: paper")
            let run = shop.path("run")
            let ran = try await Programs.mpirun(3, [job, "--out", run])
            #expect(ran.code == 0, "\(ran.text)")
            let rows = try await FinishedRun(run).rows()
            #expect(rows.map(\.task) == ["v2a", "v2a", "i2a", "i2a"])
            let verified = try await Programs.seehear("verify", "--deep", run)
            #expect(verified.code == 0, "\(verified.text)")
            try await OtherReaders.read(run)
        }

        @Test("GNU tar, zstd and Python's loaders read the shards")
        func otherReaders() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let run = shop.path("run")
            let ran = try await Programs.worker([try shop.writeJob(steps: 2), "--out", run])
            #expect(ran.code == 0, "\(ran.text)")
            for shard in try FinishedRun(run).shardFiles() {
                let tested = try await Programs.run("zstd", ["-tq", shard])
                #expect(tested.code == 0, "\(tested.text)")
                let listed = try await Programs.run("tar", ["--zstd", "-tf", shard])
                #expect(listed.code == 0 && listed.errors.isEmpty, "\(listed.text)")
                #expect(listed.lines.count % 4 == 0 && !listed.lines.isEmpty, "\(listed.lines)")
            }
            try await OtherReaders.read(run)
        }
    }
}

/// webdataset and pandas, in the environment that `make test` prepares.
enum OtherReaders {
    /// Reads a whole run with them and compares it with its commit records.
    static func read(_ run: String) async throws {
        let read = try await Python.run("Tests/Integration/read_shards.py", run)
        #expect(read.code == 0, "\(read.text)")
        #expect(read.output.contains("rows read with pandas"), "\(read.text)")
    }
}
