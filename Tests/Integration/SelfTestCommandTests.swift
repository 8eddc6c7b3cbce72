import Foundation
import JSON
import TestSupport
import Testing

/// `seehear-worker selftest` as a user starts it, on the CPU.
@Suite("the self-test") struct SelfTestCommandTests {
    private func run(_ words: String...) async throws -> Programs.Outcome {
        try await Programs.run(
            "seehear-worker", ["selftest", "--device", "cpu", "--threads", "1", "--patience", "50"] + words, limit: 1200
        )
    }

    @Test("it passes a device that computes as it should, and tells what it did as JSON")
    func passes() async throws {
        let outcome = try await run(
            "--quick", "--json", "--part", "units", "--part", "memory", "--part", "tasks", "--data",
            Fixtures.checkout.path)
        try #require(outcome.code == 0, "\(outcome.text)")
        let report = try JSONValue(parsing: Array(outcome.data))
        #expect(report["device"]?.string == "cpu, 1 thread" && report["passed"]?.bool == true)
        #expect(report["libtorch"]?.string != nil && report["tf32"]?.bool == false)
        let parts = try #require(report["parts"]?.array)
        #expect(parts.map { $0["part"]?.string } == ["models", "units", "memory", "tasks"])
        let tasks = try #require(parts.last?["checks"]?.array)
        #expect(
            tasks.map { $0["name"]?.string }
                == ["search", "the aligner"].flatMap {
                    [
                        "run 1 of all tasks with \($0), verified", "run 2 of all tasks with \($0), verified",
                        "shards of two runs with \($0)",
                    ]
                })
        for check in tasks where check["name"]?.string?.hasPrefix("run") == true {
            #expect(check["note"]?.string?.hasPrefix("6 samples in 1 shards, 0 failed") == true, "\(tasks)")
        }
    }

    @Test("a part that is not done in time is ended, and what it found until then is told")
    func timeIsOver() async throws {
        let outcome = try await Programs.run(
            "seehear-worker",
            [
                "selftest", "--device", "cpu", "--threads", "1", "--patience", "0.0001", "--part", "models", "--data",
                Fixtures.checkout.path,
            ])
        #expect(outcome.code == 1 && outcome.output.contains("timed out  models"), "\(outcome.text)")
    }

    @Test("a signal ends it at once, with the part that runs, and leaves nothing behind")
    func signals() async throws {
        let temporary = try TemporaryFolder()
        let program = try Running(
            try #require(Programs.built("seehear-worker")),
            ["selftest", "--device", "cpu", "--threads", "1", "--part", "traces", "--data", Fixtures.checkout.path],
            environment: ["TMPDIR": temporary.path])
        // It holds this thread: where other tests have all of them, one that is given away comes back too late.
        var found: pid_t?
        while found == nil, !program.hasEnded {
            usleep(20_000)
            found = Running.descendants(of: program.pid).first
        }
        guard let part = found else {
            Issue.record("it ended by itself: \(try await program.outcome().text)")
            return
        }
        kill(program.pid, SIGTERM)
        let outcome = try await program.outcome()
        #expect(outcome.code == 128 + SIGTERM, "\(outcome.text)")
        #expect(kill(part, 0) != 0 && errno == ESRCH)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    }

    @Test("a golden that is another number ends it with 1 and its stage")
    func differs() async throws {
        let shop = try Workshop()
        for name in ["Tests/Fixtures/Data/traces", "Models", "demo"] {
            let place = shop.folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: place, withDestinationURL: Fixtures.checkout.appending(path: name))
        }
        let units = shop.folder.appending(path: "Tests/Fixtures/Data/units")
        try FileManager.default.copyItem(at: Fixtures.url("units"), to: units)
        let file = units.appending(path: "pictures.safetensors")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count - 1] ^= 0x04
        try bytes.write(to: file)
        let outcome = try await run("--part", "units", "--data", shop.folder.path)
        #expect(outcome.code == 1, "\(outcome.text)")
        #expect(outcome.output.contains("failed networks of Stable Diffusion in fp32"), "\(outcome.text)")
        #expect(outcome.output.contains("ok layers in fp64") && outcome.output.contains("wrong: units"))
    }

    @Test("where it cannot begin it ends with 2 and says what to give")
    func cannotBegin() async throws {
        let shop = try Workshop()
        let outcome = try await run("--data", shop.folder.path)
        #expect(outcome.code == 2 && outcome.errors.contains("give --data"), "\(outcome.text)")
        #expect(try await run("--part", "nonsense").code == 2)
        #expect(try await Programs.run("seehear-worker", ["selftest", "--patience", "0"]).code == 2)
    }
}
