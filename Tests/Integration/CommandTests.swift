import Foundation
import TestSupport
import Testing

/// What the command line promises apart from what the commands do.
@Suite("the command line")
struct CommandTests {
    /// Set, `--help` of every command is written to ``helpFile(_:)`` in place of being compared with it.
    private static let records = ProcessInfo.processInfo.environment["SEEHEAR_RECORD_HELP"] != nil

    private static let commands = [
        "seehear": [
            "", "init", "plan", "launch", "status", "ls", "eval", "compare", "protocol", "export", "report", "verify",
            "extract",
            "retry", "keyframe", "doctor",
        ],
        "seehear-worker": [
            "", "run", "caption", "stylize", "eval", "bench", "tune", "selftest", "doctor", "check-models",
        ],
    ]

    private static func helpFile(_ program: String) -> URL {
        Fixtures.checkout.appending(path: "Tests/Fixtures/Data/help/\(program).txt")
    }

    @Test("each command has a help that is reviewed as text", arguments: commands.keys.sorted())
    func helpIsTheSnapshot(program: String) async throws {
        var text = ""
        for command in try #require(Self.commands[program]) {
            let words = command.isEmpty ? ["--help"] : ["help", command]
            let outcome = try await Programs.run(program, words, environment: ["COLUMNS": "100"])
            try #require(outcome.code == 0, "\(program) \(words): \(outcome.text)")
            text += "$ \(([program] + words).joined(separator: " "))\n\(outcome.output)\n"
        }
        let file = Self.helpFile(program)
        if Self.records {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(
            text == expected,
            "record it with SEEHEAR_RECORD_HELP=1 swift test --filter CommandTests, and read the difference")
    }

    @Test("every command of a program is among those whose help is compared", arguments: commands.keys.sorted())
    func noCommandIsLeftOut(program: String) async throws {
        let help = try await Programs.run(program, ["--help"], environment: ["COLUMNS": "100"]).output
        let listed = help.split(separator: "\n").drop { $0 != "SUBCOMMANDS:" }.dropFirst()
            .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See '") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(Set(listed) == Set(Self.commands[program] ?? []).subtracting([""]))
    }

    @Test("doctor prints what it found, as a table and as JSON")
    func doctorPrints() async throws {
        let table = try await Programs.seehear("doctor").output
        for name in ["seehear-worker", "libtorch", "Open MPI", "FFmpeg", "cores", "mpirun"] {
            #expect(table.contains(name), "\(table)")
        }
        let json = try await Programs.seehear("doctor", "--json").output
        #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]] != nil)
    }

    @Test("both programs, run.json and the changelog name one version")
    func versionsAgree() async throws {
        let version = try await Programs.seehear("--version").output
        #expect(try await Programs.worker(["--version"]).output == version)

        let changelog = try String(contentsOf: Fixtures.checkout.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let releases = changelog.split(separator: "\n").filter { $0.hasPrefix("## [") && $0 != "## [Unreleased]" }
        let newest = try #require(releases.first)
        #expect(newest.hasPrefix("## [\(version.trimmingCharacters(in: .whitespacesAndNewlines))] - "))

        let shop = try Workshop()
        try await shop.make("a.mp4", "-f lavfi -i testsrc2=s=64x48:r=8:d=1 -c:v mpeg4")
        let job = try shop.writeJob(rows: [#"{"id": "a", "video": "a.mp4"}"#])
        let plan = try await Programs.seehear("plan", job, "--out", shop.path("run"))
        try #require(plan.code == 0, "\(plan.text)")
        let run = try JSONSerialization.jsonObject(with: Data(contentsOf: shop.folder.appending(path: "run/run.json")))
        let versions = try #require((run as? [String: Any])?["versions"] as? [String: String])
        #expect(versions["seehear"].map { $0 + "\n" } == version)
    }

    @Test(
        "a folder that holds no run ends every command that reads one with 2, and says so",
        arguments: [["status"], ["ls"], ["verify"], ["retry"], ["extract", "--all", "-o", "out"]])
    func noRun(words: [String]) async throws {
        let shop = try Workshop()
        for name in [".", "absent"] {
            let folder = shop.folder.appending(path: name).standardizedFileURL.path
            let outcome = try await Programs.run("seehear", [words[0], folder] + words.dropFirst())
            #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome.text)")
            #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains(folder), "\(outcome.errors)")
        }
        #expect(try shop.names().isEmpty)
    }

    @Test(
        "a bench that cannot be ends with 2, before any model is loaded, and says why",
        arguments: [
            (["--batch", "1"], "give a job file, or a --task"),
            (["--task", "v2a", "--batch", "1,0"], "'1,0'"), (["--task", "v2a", "--batch", "1,"], "'1,'"),
            (["--task", "v2a", "--samples", "x"], "'x'"), (["--task", "v2a", "--steps", "0"], "--steps is 0"),
            (["--task", "v2a", "--warm-up", "0"], "--warm-up is 0"), (["--task", "v3a"], "'v3a'"),
            (["--task", "v2a", "--precision", "fp7"], "`precision` is `fp7`"),
            (["--task", "v2a"], "`models.binder` is missing"),
            (["--task", "a2i", "--set", "models.binder=x"], "`models.image` is missing"),
            (["--task", "a2i", "--set", "models.binder=x", "--set", "models.frames=x"], "`models.frames`"),
            (["absent.yaml"], "absent.yaml"),
        ])
    func benchRefuses(words: [String], reason: String) async throws {
        let outcome = try await Programs.worker(["bench"] + words)
        #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.contains(reason), "\(outcome.text)")
    }

    @Test("a sample that is not there ends extract with 1 and names the key")
    func unknownKey() async throws {
        let shop = try Workshop()
        try await shop.make("a.mp4", "-f lavfi -i testsrc2=s=64x48:r=8:d=1 -c:v mpeg4")
        let job = try shop.writeJob(rows: [#"{"id": "a", "video": "a.mp4"}"#])
        try #require(try await Programs.seehear("plan", job, "--out", shop.path("run")).code == 0)
        let outcome = try await Programs.seehear("extract", shop.path("run"), "b", "-o", shop.path("out"))
        #expect(outcome.code == 1 && outcome.errors.contains("no shard holds sample `b`"), "\(outcome.text)")
    }

    @Test("the arrows between modules go one way, and CONTRIBUTING shows them as Package.swift has them")
    func modules() async throws {
        let checkout = Fixtures.checkout
        let outcome = try await Programs.run(
            checkout.appending(path: "Tools/modules").path,
            ["--check", checkout.appending(path: "CONTRIBUTING.md").path])
        #expect(outcome.code == 0, "\(outcome.text)")
    }
}
