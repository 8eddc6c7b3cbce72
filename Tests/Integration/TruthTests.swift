import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// What the programs say is so: of inputs and models that changed, of output that could not be written, of runs that are
    /// not whole.
    @Suite("Truth")
    struct TruthTests {
        private static let row = [#"{"id": "a", "video": "a.mp4"}"#]

        /// A folder with a clip and a copy of the models for `v2a`, so that they can be changed.
        private func workshop() async throws -> Workshop {
            let shop = try Workshop()
            try await shop.make("a.mp4", "-f lavfi -i testsrc2=s=64x48:r=8:d=1 -c:v mpeg4")
            try FileManager.default.createDirectory(atPath: shop.path("m"), withIntermediateDirectories: true)
            for name in ["audioldm", "imagebind"] {
                try FileManager.default.copyItem(
                    at: RandomModels.folder.appending(path: name), to: shop.folder.appending(path: "m/\(name)"))
            }
            return shop
        }

        private func job(_ shop: Workshop, rows: [String] = row, models: String = "m") throws -> String {
            let place = shop.path(models)
            return try shop.writeJob(
                rows: rows, steps: 2, models: "{audio: \(place)/audioldm, binder: \(place)/imagebind}")
        }

        @Test("other weights between plan and start, and between stop and resume, end the start with 2 and their name")
        func weights() async throws {
            let shop = try await workshop()
            let planned = try await Programs.seehear("plan", try job(shop), "--out", shop.path("run"))
            try #require(planned.code == 0, "\(planned.text)")
            let weights = shop.folder.appending(path: "m/audioldm/unet/diffusion_pytorch_model.safetensors")
            var bytes = try Data(contentsOf: weights)
            bytes[bytes.count - 1] ^= 0x80
            let time = try FileManager.default.attributesOfItem(atPath: weights.path)[.modificationDate]
            try bytes.write(to: weights)
            // Even where the time says that nothing happened.
            try FileManager.default.setAttributes([.modificationDate: time as Any], ofItemAtPath: weights.path)
            for outcome in [
                try await Programs.worker([shop.path("run")]), try await Programs.mpirun(2, [shop.path("run")]),
            ] {
                #expect(outcome.code == 2, "\(outcome.text)")
                #expect(
                    outcome.errors.contains(
                        "models.audio: \(weights.path) is not the file that the run was planned with"),
                    "\(outcome.errors)")
            }
            bytes[bytes.count - 1] ^= 0x80
            try bytes.write(to: weights)
            let resumed = try await Programs.worker([shop.path("run")])
            #expect(resumed.code == 0, "\(resumed.text)")
        }

        @Test("a clip that was replaced after planning is a failed sample, inputChanged")
        func clips() async throws {
            let shop = try await workshop()
            try await shop.make("b.mp4", "-f lavfi -i smptebars=s=64x48:r=8:d=1 -c:v mpeg4")
            let job = try job(shop, rows: Self.row + [#"{"id": "b", "video": "b.mp4"}"#])
            try #require(try await Programs.seehear("plan", job, "--out", shop.path("run")).code == 0)
            try await shop.make("b.mp4", "-f lavfi -i testsrc=s=64x48:r=8:d=1 -c:v mpeg4")
            let ran = try await Programs.worker([shop.path("run")])
            #expect(ran.code == 3, "\(ran.text)")
            let listed = try await Programs.seehear("ls", shop.path("run"), "--failed")
            #expect(listed.lines.count == 1 && listed.output.contains("inputChanged"), "\(listed.text)")
            #expect(listed.output.contains("b.mp4 is not the file that the run was planned with"), "\(listed.text)")
        }

        @Test("models that were moved are found again by planning the same job with their new places")
        func movedModels() async throws {
            let shop = try await workshop()
            let run = shop.path("run")
            try #require(try await Programs.seehear("plan", try job(shop), "--out", run).code == 0)
            try FileManager.default.moveItem(atPath: shop.path("m"), toPath: shop.path("n"))
            let lost = try await Programs.worker([run])
            #expect(lost.code == 2 && lost.errors.contains("models.audio"), "\(lost.text)")
            let planned = try await Programs.seehear("plan", try job(shop, models: "n"), "--out", run)
            #expect(planned.code == 0 && planned.output.contains("run.json names the new places"), "\(planned.text)")
            #expect(planned.output.contains("/m/audioldm → "), "\(planned.text)")
            let ran = try await Programs.worker([run])
            #expect(ran.code == 0, "\(ran.text)")
            let verified = try await Programs.seehear("verify", run)
            #expect(verified.code == 0 && verified.output.contains("nothing wrong"), "\(verified.text)")
        }

        @Test("--set and --out beside a run that is planned are refused, for they would change nothing")
        func settingsOfARun() async throws {
            let shop = try await workshop()
            try #require(try await Programs.seehear("plan", try job(shop), "--out", shop.path("run")).code == 0)
            for more in [["--set", "sampling.steps=3"], ["--out", shop.path("other")]] {
                let outcome = try await Programs.worker([shop.path("run")] + more)
                #expect(outcome.code == 2, "\(outcome.text)")
                #expect(
                    outcome.errors.contains("\(more.joined(separator: " ")) would change nothing"), "\(outcome.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: shop.path("other")))
        }

        @Test("verify says of a run what is so: nothing there yet, not complete, complete, damaged, gone")
        func verify() async throws {
            let shop = try await workshop()
            let run = shop.path("run")
            try #require(try await Programs.seehear("plan", try job(shop), "--out", run).code == 0)
            let planned = try await Programs.seehear("verify", run)
            #expect(planned.code == 75 && planned.output.contains("there is nothing to verify yet"), "\(planned.text)")
            #expect(!planned.output.contains("nothing wrong"))
            try #require(try await Programs.worker([run]).code == 0)
            #expect(try await Programs.seehear("verify", "--deep", run).code == 0)
            for (name, damage, found) in [
                ("plan.jsonl.zst", nil, "plan.jsonl.zst: there is no such file"),
                ("plan.jsonl.zst", Data("x".utf8), "plan.jsonl.zst: its 1 bytes"),
                ("run.json", nil, "run.json: there is no such file"),
                ("run.json", Data("{".utf8), "run.json: it is not valid JSON"),
            ] as [(String, Data?, String)] {
                let file = URL(filePath: "\(run)/\(name)")
                let bytes = try Data(contentsOf: file)
                if let damage { try damage.write(to: file) } else { try FileManager.default.removeItem(at: file) }
                let verified = try await Programs.seehear("verify", run)
                #expect(verified.code == 1 && verified.output.contains(found), "\(name): \(verified.text)")
                #expect(!verified.output.contains("nothing wrong"))
                try bytes.write(to: file)
            }
        }

        @Test("verify finds nothing wrong with what is half done while a run works, and says that it is not complete")
        func verifyAtWork() async throws {
            let shop = try Workshop()
            let bin = try shop.simulatedPrograms()
            try await shop.make("a.mp4", "-f lavfi -i testsrc2=s=64x48:r=8:d=1 -c:v mpeg4")
            let rows = (0..<200).map { #"{"id": "k\#($0)", "video": "a.mp4", "prompt": "quick"}"# }
            let run = shop.path("run")
            try #require(
                try await Programs.seehear("plan", try shop.writeJob(rows: rows), "--out", run).code == 0)
            let running = try Running("\(bin)/seehear-worker", [run])
            var seen: Set<Int32> = []
            while !running.hasEnded {
                let verified = try await Programs.seehear("verify", run)
                seen.insert(verified.code)
                #expect([0, 75].contains(verified.code), "\(verified.text)")
                if verified.output.contains("being worked on") { #expect(verified.code == 75) }
            }
            #expect(seen.contains(75))
            #expect(try await running.outcome().code == 0)
            #expect(try await Programs.seehear("verify", "--deep", run).code == 0)
        }

        @Test(
            "output that cannot be written ends a command with 1 and the reason",
            arguments: [
                ["status"], ["ls"], ["ls", "--json"], ["verify"], ["extract", "--all", "-o", "out"], ["plan"],
            ])
        func fullDisk(words: [String]) async throws {
            let shop = try await workshop()
            let job = try job(shop)
            try #require(try await Programs.worker([job, "--out", shop.path("run")]).code == 0)
            let target = words[0] == "plan" ? "\(job) --dry-run" : shop.path("run")
            let program = try #require(Programs.built("seehear"))
            let outcome = try await Running(
                "bash", ["-c", "\(program) \(words.joined(separator: " ")) \(target) > /dev/full"], in: shop.folder
            ).outcome()
            #expect(outcome.code == 1, "\(words): \(outcome.text)")
            #expect(outcome.errors.contains("cannot write to standard output: the disk is full"), "\(outcome.errors)")
        }

        @Test("retry with a kind or a key that no failed sample has ends with 2 and changes nothing")
        func retry() async throws {
            let shop = try await workshop()
            let run = shop.path("run")
            try #require(try await Programs.worker([try job(shop), "--out", run]).code == 0)
            let before = try FinishedRun(run).fixedBytes()
            for (words, message) in [
                (["--kind", "nosuch"], "no sample of the run failed with it; none failed at all"),
                (["--key", "nosuch"], "the run has no such sample"), (["--key", "a"], "the sample has not failed"),
            ] {
                let outcome = try await Programs.run("seehear", ["retry", run] + words)
                #expect(outcome.code == 2 && outcome.errors.contains(message), "\(words): \(outcome.text)")
            }
            let all = try await Programs.seehear("retry", run)
            #expect(all.code == 0 && all.output.contains("nothing was changed"), "\(all.text)")
            #expect(try FinishedRun(run).fixedBytes() == before)
        }

        @Test("clips whose names differ in their Unicode form alone are two files from the plan to the shard")
        func unicodeForms() async throws {
            let shop = try await workshop()
            let names = ["caf\u{E9}.mp4", "cafe\u{301}.mp4"]
            try await shop.make(names[0], "-f lavfi -i testsrc2=s=64x48:r=8:d=1 -c:v mpeg4")
            try await shop.make(names[1], "-f lavfi -i smptebars=s=64x48:r=8:d=1 -c:v mpeg4")
            let rows = names.enumerated().map { "{\"id\": \"k\($0)\", \"video\": \"\($1)\"}" }
            let ran = try await Programs.worker([try job(shop, rows: rows), "--out", shop.path("run")])
            #expect(ran.code == 0, "\(ran.text)")
            let out = shop.path("out")
            try #require(
                try await Programs.seehear("extract", shop.path("run"), "--all", "--members", "json", "-o", out).code
                    == 0)
            var hashes: Set<String> = []
            for number in 0..<2 {
                let json = try JSONSerialization.jsonObject(
                    with: Data(contentsOf: URL(filePath: "\(out)/k\(number).json")))
                let source = try #require((json as? [String: Any])?["source"] as? [String: Any])
                hashes.insert(try #require(source["sha256"] as? String))
            }
            #expect(hashes.count == 2)
        }
    }
}
