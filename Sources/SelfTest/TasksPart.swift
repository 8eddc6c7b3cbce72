internal import Files
internal import Foundation
internal import Goldens
internal import JSON
internal import Method
internal import Planning
internal import Processes
internal import Shard
internal import Torch

/// A job of all five tasks on the toy world, through the worker's own program as a user starts it, with ``ways`` to guide it: each twice,
/// both verified, and with equal shards.
struct TasksPart {
    let setting: SelfTestSetting

    /// The demo's own preset, which takes no gradients; and the aligner, which takes them at every step.
    private static let ways: [(name: String, settings: [String])] = [
        ("search", []),
        ("the aligner", ["preset=official", "guidance={learning_rate: 0.1, prompt_learning_rate: 0.1, start: 0}"]),
    ]

    func run(_ tell: SelfTestSink) throws {
        let manifest = try writeManifest()
        for (place, way) in Self.ways.enumerated() {
            guard try compare(way.name, place, ["manifest=\(manifest.path)"] + way.settings, tell) else { return }
        }
    }

    /// - Returns: whether both runs came to their end.
    private func compare(_ way: String, _ place: Int, _ settings: [String], _ tell: SelfTestSink) throws -> Bool {
        var shards: [[String: [UInt8]]] = []
        for turn in 1...2 {
            let run = setting.scratch.appending(path: "run-\(place)-\(turn)")
            let name = "run \(turn) of all tasks with \(way)"
            if let problem = work(settings, run) {
                try tell(SelfTestCheck(name, .failed, note: problem))
                return false
            }
            try tell(verified(run, "\(name), verified"))
            shards.append(try files(in: RunDirectory(run).layout.shards))
        }
        let names = Set(shards[0].keys).union(shards[1].keys)
        let different = names.filter { shards[0][$0] != shards[1][$0] }.sorted()
        var check = SelfTestCheck(
            "shards of two runs with \(way)", different.isEmpty && !names.isEmpty ? .passed : .failed,
            note: different.isEmpty ? "every byte is equal" : "bytes differ: \(different.joined(separator: ", "))")
        check.compared = names.count
        check.against = "those of the other run"
        try tell(check)
        return true
    }

    /// The first samples of each task in the demo, their files by full paths.
    private func writeManifest() throws -> URL {
        let scenes = setting.data.root.appending(path: "demo/scenes")
        let source = scenes.appending(path: "manifest.jsonl").path
        var lines: [String] = []
        var counts: [String: Int] = [:]
        for line in try InputFile.bytes(of: source, limit: 1 << 20).split(separator: UInt8(ascii: "\n")) {
            let row = try JSONValue(parsing: Array(line))
            guard let task = row["task"]?.string.flatMap(GenerationTask.init(rawValue:)) else { continue }
            counts[task.rawValue, default: 0] += 1
            // Two videos, so that there is a batch of two.
            guard counts[task.rawValue, default: 0] <= (task == .v2a ? 2 : 1) else { continue }
            let fields = (row.members ?? []).compactMap { member -> (String, String)? in
                guard let text = member.value.string else { return nil }
                let isFile = ["video", "image", "audio"].contains(member.name)
                return (member.name, isFile ? scenes.appending(path: text).path : text)
            }
            lines.append(
                String(
                    decoding: try JSONCoding.encode(Dictionary(fields) { first, _ in first }), as: UTF8.self))
        }
        // The toy world has no MM-Diffusion, which makes what is coupled.
        guard counts.count == GenerationTask.allCases.count(where: { !$0.isCoupled }) else {
            throw MissingTasks(path: source)
        }
        let manifest = setting.scratch.appending(path: "manifest.jsonl")
        try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: manifest.path)
        return manifest
    }

    private struct MissingTasks: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) does not have a sample of every task" }
    }

    /// - Returns: why it did not work; nil where it did.
    private func work(_ given: [String], _ run: URL) -> String? {
        var device = "cpu"
        if case .cuda = setting.device { device = "cuda" }
        let settings = given + ["device=\(device)", "sampling.steps=\(setting.quick ? 3 : 10)"]
        let words =
            ["seehear-worker", setting.data.root.appending(path: "demo/world.yaml").path, "--out", run.path]
            + settings.flatMap { ["--set", $0] }
        // In this process's group, so that it ends with this part; what it says goes where this process's words go.
        do throws(SpawnError) {
            var spawn = Spawn("/proc/self/exe", words)
            spawn.unignored = [SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP]
            let process = try spawn.start()
            while true {
                guard let code = ChildStatus.exitCode(of: process) else {
                    usleep(20_000)
                    continue
                }
                return code == 0 ? nil : "the worker ended with \(code)"
            }
        } catch {
            return "\(error)"
        }
    }

    private func verified(_ run: URL, _ name: String) throws -> SelfTestCheck {
        let report = try RunVerification(RunDirectory(run), deep: true).verify()
        let isGood = report.findings.isEmpty && report.isComplete && report.failed == 0
        let words =
            report.findings.isEmpty
            ? "\(report.samples) samples in \(report.shards) shards, \(report.failed) failed"
            : report.findings.prefix(3).map { "\($0)" }.joined(separator: " / ")
        return SelfTestCheck(name, isGood ? .passed : .failed, note: words)
    }

    /// The shards and their records. Rows tell how long each batch took.
    private func files(in folder: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try Directory.names(in: folder) where !name.contains(".rows.") {
            files[name] = try InputFile.bytes(of: "\(folder)/\(name)", limit: 1 << 30)
        }
        return files
    }
}
