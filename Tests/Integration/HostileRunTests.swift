import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// Runs that somebody else made, under every command that reads one.
    @Suite("Runs of others")
    struct HostileRunTests {
        private static let samples = 6
        /// What a command may take at most, in kilobytes: a debug build with all its libraries takes about 100 MB.
        private static let memory = 600_000
        private static let seconds = 60.0

        private let shop: Workshop
        private let original: String

        init() async throws {
            shop = try Workshop()
            original = try await Self.finished.value.path("run")
        }

        /// A finished run of two shards, with a failed sample; made once.
        private static let finished = Task {
            let shop = try Workshop()
            let rows = (0..<samples).map {
                #"{"id": "s\#($0)", "task": "joint", "prompt": "\#($0 == 1 ? "fail" : "rain")"}"#
            }
            let job = try shop.writeJob(
                rows: rows, models: Workshop.allModels, sampling: "frames: 4, fps: 4, width: 64, height: 64")
            let planned = try await Programs.seehear("plan", job, "--out", shop.path("run"))
            try #require(planned.code == 0, "\(planned.text)")
            let made = try await Programs.run("seehear-simulated-worker", [shop.path("run")])
            try #require(made.code == 3, "\(made.text)")
            return shop
        }

        private func copy(_ name: String) throws -> String {
            try FileManager.default.copyItem(atPath: original, toPath: shop.path(name))
            return shop.path(name)
        }

        /// Every command that reads a run; the first four read every file.
        private func commands(_ run: String) -> [[String]] {
            [
                ["seehear", "verify", "--deep", run], ["seehear", "ls", run], ["seehear", "retry", run],
                ["seehear-simulated-worker", run], ["seehear", "status", run], ["seehear", "verify", run],
                ["seehear", "extract", run, "--all", "-o", "\(run).out"],
            ]
        }

        /// Runs a command and measures the most memory that it, or what it started, had.
        private func measured(_ words: [String]) async throws -> (outcome: Programs.Outcome, kilobytes: Int) {
            let program = try #require(Programs.built(words[0]))
            let script = """
                import resource, subprocess, sys
                code = subprocess.run(sys.argv[2:]).returncode
                open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
                sys.exit(code if code >= 0 else 128 - code)
                """
            let note = shop.path("memory-\(UUID().uuidString)")
            let outcome = try await Running("python3", ["-c", script, note, program] + words.dropFirst())
                .outcome(limit: Self.seconds)
            return (outcome, Int(try String(contentsOfFile: note, encoding: .utf8)) ?? .max)
        }

        /// Expects of every command, or of the first few, that it ends, without a crash and with little memory.
        /// - Returns: what `verify --deep` says.
        @discardableResult
        private func expectNoHarm(_ run: String, _ what: String, count: Int = 7) async throws -> Programs.Outcome {
            var verified: Programs.Outcome?
            for words in commands(run).prefix(count) {
                let (outcome, kilobytes) = try await measured(words)
                let story =
                    "\(what): \(words.prefix(2)): \(outcome.code), \(kilobytes) kB: \(outcome.text.prefix(2000))"
                #expect([0, 1, 2, 3, 75].contains(outcome.code), "\(story)")
                #expect(kilobytes < Self.memory, "\(story)")
                if words.contains("--deep") { verified = outcome }
            }
            return try #require(verified)
        }

        private static let files = [
            "run.json", "plan.jsonl.zst", "shards.json", "samples.jsonl.zst", "STATUS", "BEAT", "EPOCH", "LOCK",
            "shards/shard-000000.json", "shards/shard-000000.rows.jsonl.zst", "shards/shard-000000.tar.zst",
            "segments/batch-000002.json", "logs/rank-0000.log",
        ]
        /// Those that are not a part of the run's result: `verify` need not speak of them.
        private static let unverified: Set = [
            "plan.jsonl.zst", "STATUS", "BEAT", "EPOCH", "LOCK", "logs/rank-0000.log",
        ]

        @Test("a pipe in place of any file of a run holds up nobody", arguments: files)
        func pipes(name: String) async throws {
            let run = try copy("copy")
            try? FileManager.default.removeItem(atPath: "\(run)/\(name)")
            try #require(mkfifo("\(run)/\(name)", 0o600) == 0)
            let verified = try await expectNoHarm(run, name)
            if !Self.unverified.contains(name) {
                #expect(verified.code != 0 && verified.text.contains("a pipe"), "\(verified.text)")
            }
        }

        @Test("a link to an endless device in place of any file of a run is not followed", arguments: files)
        func links(name: String) async throws {
            let run = try copy("copy")
            try? FileManager.default.removeItem(atPath: "\(run)/\(name)")
            try FileManager.default.createSymbolicLink(atPath: "\(run)/\(name)", withDestinationPath: "/dev/zero")
            try await expectNoHarm(run, name, count: 4)
        }

        @Test(
            "gigabytes that a few kilobytes unpack to cost neither memory nor time",
            arguments: ["plan.jsonl.zst", "samples.jsonl.zst", "shards/shard-000000.rows.jsonl.zst"], [UInt8(0), 10])
        func bombs(name: String, byte: UInt8) async throws {
            let run = try copy("copy")
            try Data(ZstdBomb.frame(of: byte, blocks: 32_768)).write(to: URL(filePath: "\(run)/\(name)"))
            let verified = try await expectNoHarm(run, "\(name) of \(byte)")
            if name != "plan.jsonl.zst" { #expect(verified.code == 1, "\(verified.text)") }
        }

        @Test(
            "files of a terabyte without content cost neither memory nor time", arguments: files.filter { $0 != "LOCK" }
        )
        func sparse(name: String) async throws {
            let run = try copy("copy")
            if !FileManager.default.fileExists(atPath: "\(run)/\(name)") {
                try Data().write(to: URL(filePath: "\(run)/\(name)"))
            }
            // The deep check would read a shard of the right length; this one's is wrong.
            try #require(truncate("\(run)/\(name)", name.hasPrefix("logs/") ? 1 << 20 : 1 << 40) == 0)
            try await expectNoHarm(run, name, count: 4)
        }

        @Test("numbers of run.json that are counted by are refused, though its hash is right")
        func numbers() async throws {
            let url = URL(filePath: "\(original)/run.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            for (pattern, replacement) in [
                (#""shards" : 2"#, #""shards" : 9223372036854775807"#), (#""samples" : 6"#, #""samples" : -1"#),
                (#""rows_per_frame" : 1024"#, #""rows_per_frame" : 9223372036854775807"#),
                (#""rows" : 6"#, #""rows" : 9223372036854775807"#),
            ] {
                let run = try copy("copy-\(UUID().uuidString)")
                let changed = text.replacing(pattern, with: replacement)
                try #require(changed != text, "\(pattern)")
                try changed.write(to: URL(filePath: "\(run)/run.json"), atomically: false, encoding: .utf8)
                for words in commands(run).prefix(5) {
                    let (outcome, _) = try await measured(words)
                    // What is wrong is what verify is there to find.
                    let isFinding = words.contains("verify")
                    #expect(outcome.code == (isFinding ? 1 : 2), "\(words) \(outcome.text)")
                    #expect(outcome.text.contains(isFinding ? "run.json: " : "run.json is damaged"), "\(outcome.text)")
                }
            }
        }

        @Test("a row that is beyond the plan is refused by the commands that go by it")
        func rowsBeyondThePlan() async throws {
            let run = try copy("copy")
            let name = "\(run)/shards/shard-000000.rows.jsonl.zst"
            let lines = try await Programs.run("zstd", ["-dcq", name])
            try #require(lines.code == 0)
            let changed = lines.output.replacing("\"index\":3", with: "\"index\":1000000000000")
            try #require(changed != lines.output)
            try changed.write(toFile: "\(run)/rows", atomically: false, encoding: .utf8)
            try #require(try await Programs.run("zstd", ["-1qf", "\(run)/rows", "-o", name]).code == 0)
            try await expectNoHarm(run, "rows")
            for command in ["ls", "retry", "verify"] {
                let outcome = try await Programs.run("seehear", [command, run])
                #expect(outcome.code != 0 && outcome.text.contains("1000000000000"), "\(command): \(outcome.text)")
                #expect(outcome.text.contains("shard-000000.rows.jsonl.zst line 4"), "\(command): \(outcome.text)")
            }
        }
    }
}
