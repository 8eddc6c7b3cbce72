import Foundation
import TestSupport
import Testing

extension Integration {
    /// `seehear-worker caption` with a server, which a small program stands in for.
    @Suite("Caption server", .serialized)
    struct CaptionServerTests {
        private let shop: Workshop
        private static let rows = 12

        init() throws {
            shop = try Workshop()
            let scenes = Fixtures.checkout.appending(path: "demo/scenes")
            for name in ["scene-00.mp4", "scene-02.wav", "scene-03.png"] {
                try FileManager.default.copyItem(
                    at: scenes.appending(path: name), to: shop.folder.appending(path: name))
            }
        }

        /// Pictures, sounds and films, in turn.
        private func writeJob(_ server: String, _ more: String = "") throws -> String {
            let rows = (0..<Self.rows).map { number in
                switch number % 4 {
                case 0:
                    #"{"id": "r\#(number)", "task": "a2i", "audio": "scene-02.wav", "start": 0.\#(number), "duration": 0.5}"#
                case 1: #"{"id": "r\#(number)", "task": "v2a", "video": "scene-00.mp4"}"#
                default: #"{"id": "r\#(number)", "task": "i2a", "image": "scene-03.png"}"#
                }
            }
            try shop.write("rows.jsonl", rows.joined(separator: "\n") + "\n")
            let binder = Fixtures.checkout.appending(path: "Models/toyworld/imagebind").path
            try shop.write(
                "job.yaml",
                """
                task: i2a
                manifest: rows.jsonl
                models: {binder: \(binder)}
                caption: model
                captioner: {server: "\(server)", parallel: 4, timeout: 3\(more)}
                sampling: {width: 64, height: 64}
                shard: 4
                threads: 1
                """)
            return shop.path("job.yaml")
        }

        /// Starts the stand-in, and says where it is.
        private func serve(_ options: String...) async throws -> (address: String, program: Running) {
            let ports = shop.path("port")
            try? FileManager.default.removeItem(atPath: ports)
            try? FileManager.default.removeItem(atPath: shop.path("log"))
            let program = try Python.start(
                "Tests/Integration/caption_stand_in.py", [ports, shop.path("log")] + options)
            for _ in 0..<400 where !FileManager.default.fileExists(atPath: ports) {
                try await Task.sleep(for: .milliseconds(25))
            }
            let port = try String(contentsOfFile: ports, encoding: .utf8)
            return ("http://127.0.0.1:\(port)/v1", program)
        }

        private func objects(_ name: String) throws -> [[String: Any]] {
            try String(contentsOfFile: shop.path(name), encoding: .utf8).split(separator: "\n").map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }

        private func data(_ name: String) throws -> Data { try Data(contentsOf: shop.folder.appending(path: name)) }

        @Test("every row is captioned in its place, four at a time, the same for any number of ranks and after a kill")
        func ranks() async throws {
            let (address, server) = try await serve("--delay", "0.5", "--key", "s3cret")
            defer { server.kill(signal: SIGKILL) }
            let key = ["SEEHEAR_CAPTION_KEY": "s3cret"]
            for ranks in [1, 3] {
                let ran = try await Programs.mpirun(
                    ranks, ["caption", writeJob(address), "--out", shop.path("out\(ranks).jsonl")], environment: key)
                #expect(ran.code == 0 && ran.output.contains("\(Self.rows) rows captioned"), "\(ran.text)")
                #expect(!ran.text.contains("s3cret"))
                #expect(try data("out\(ranks).jsonl") == data("out1.jsonl"))
                if ranks == 1 {
                    let log = try objects("log")
                    #expect(log.count == Self.rows && log.compactMap { $0["under_way"] as? Int }.max() == 4)
                    #expect(Set(log.compactMap { $0["kind"] as? String }) == ["image", "input_audio"])
                }
            }
            let rows = try objects("out1.jsonl")
            #expect(rows.map { $0["id"] as? String } == (0..<Self.rows).map { "r\($0)" })
            let told = rows.compactMap { $0["prompt"] as? String }
            #expect(told[0].hasPrefix("input_audio ") && told[0].hasSuffix(" of 8000"), "\(told[0])")
            #expect(told[2] == told[3] && told[2].hasSuffix(" of 64 by 64") && Set(told).count < told.count)
            let known = try objects("out1.captions.jsonl")
            #expect(known.allSatisfy { $0["model"] as? String == "stand-in" && $0["cosine"] is Double })
            #expect(known.allSatisfy { $0["score"] == nil && $0["models"] == nil })
            #expect(try !String(contentsOfFile: shop.path("out1.run/run.json"), encoding: .utf8).contains("s3cret"))

            let running = try Programs.start(
                2, ["caption", writeJob(address), "--out", shop.path("again.jsonl")], environment: key)
            let segments = shop.path("again.run/segments")
            for _ in 0..<600 where (try? FileManager.default.contentsOfDirectory(atPath: segments))?.isEmpty ?? true {
                try await Task.sleep(for: .milliseconds(50))
            }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome()
            // Another address and fewer questions at a time make no other run.
            let moved = writeJobAgain(address.replacingOccurrences(of: "127.0.0.1", with: "localhost"))
            let resumed = try await Programs.mpirun(
                1, ["caption", try moved(), "--out", shop.path("again.jsonl")], environment: key)
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(try data("again.jsonl") == data("out1.jsonl"))
        }

        private func writeJobAgain(_ address: String) -> () throws -> String {
            { [self] in
                let job = try writeJob(address)
                let text = try String(contentsOfFile: job, encoding: .utf8)
                try shop.write("job.yaml", text.replacingOccurrences(of: "parallel: 4", with: "parallel: 2"))
                return job
            }
        }

        @Test("a question that was spoilt is asked again, and one that the server refuses costs its row")
        func failures() async throws {
            let (address, server) = try await serve(
                "--fail", "503", "drop", "html", "empty", "429", "slow", "huge", "422")
            defer { server.kill(signal: SIGKILL) }
            let ran = try await Programs.worker(["caption", writeJob(address), "--out", shop.path("a.jsonl")])
            #expect(ran.code == 3 && ran.output.contains("1 could not be captioned"), "\(ran.text)")
            let failed = try objects("a.captions.jsonl").compactMap { $0["failure"] as? [String: String] }
            #expect(failed.count == 1 && failed[0]["kind"] == "captionServer")
            #expect(failed[0]["message"]?.contains("422") == true)
            #expect(try objects("log").count == Self.rows + 7)
        }

        @Test("a wrong key, a wrong address, a page and no server end the command with what to do")
        func wrong() async throws {
            let (address, server) = try await serve("--key", "s3cret")
            defer { server.kill(signal: SIGKILL) }
            let out = shop.path("a.jsonl")
            let key = try await Programs.worker(["caption", writeJob(address), "--out", out])
            #expect(key.code == 1 && key.text.contains("SEEHEAR_CAPTION_KEY"), "\(key.text)")
            let environment = ["SEEHEAR_CAPTION_KEY": "s3cret"]
            let page = try await Programs.worker(
                ["caption", writeJob(address + "/x"), "--out", out], environment: environment)
            #expect(page.code == 1 && page.text.contains("<html>"), "\(page.text)")
            let model = try await Programs.worker(
                ["caption", writeJob(address, ", model: other"), "--out", out], environment: environment)
            #expect(model.code == 1 && model.text.contains("stand-in"), "\(model.text)")
            let (elsewhere, other) = try await serve("--always", "moved")
            defer { other.kill(signal: SIGKILL) }
            let moved = try await Programs.worker(["caption", writeJob(elsewhere), "--out", shop.path("b.jsonl")])
            #expect(moved.code == 1 && moved.text.contains("it is at http"), "\(moved.text)")
            let run = try await Programs.worker([writeJob(address), "--out", shop.path("run")])
            #expect(run.code == 2 && run.text.contains("seehear-worker caption"), "\(run.text)")
            #expect(try !shop.names().contains { $0.hasPrefix("a.") || $0 == "run" })
        }

        @Test("a server that goes away stops the command, which goes on once it is back", .timeLimit(.minutes(3)))
        func goes() async throws {
            let (address, server) = try await serve("--always", "503")
            defer { server.kill(signal: SIGKILL) }
            let stopped = try await Programs.mpirun(2, ["caption", writeJob(address), "--out", shop.path("a.jsonl")])
            #expect(stopped.code == 75 && stopped.text.contains("503"), "\(stopped.text)")
            #expect(try !shop.names().contains("a.jsonl"))
            let (back, other) = try await serve()
            defer { other.kill(signal: SIGKILL) }
            let resumed = try await Programs.mpirun(2, ["caption", writeJob(back), "--out", shop.path("a.jsonl")])
            #expect(resumed.code == 0 && resumed.output.contains("\(Self.rows) rows captioned"), "\(resumed.text)")
        }
    }
}
