import Coordinator
import Files
import Foundation
import MPI
import Shard
import Worker

/// `seehear-worker` with a runner that makes bytes from seeds in place of models, for tests that break what can break:
///
///     mpirun -n 4 seehear-simulated-worker RUN [--coordinator-works] [--silence-limit SECONDS] [--stall-limit SECONDS]
@main
struct Main {
    static func main() async throws {
        StandardStreams.prepare()
        var arguments = Arguments(CommandLine.arguments.dropFirst())
        if arguments.takesWord("compute") {
            let place = RankProgram.Place(
                rank: arguments.number("--rank"), size: arguments.number("--size"),
                localRank: arguments.number("--local-rank"), ranksOnNode: arguments.number("--ranks-on-node"))
            _ = arguments.value("--log-format")
            let process = ComputingProcess(
                run: arguments.word(), place: place, logFormat: .text,
                patience: StoragePatience(pause: .seconds(1), limit: .seconds(20))
            ) { run, place, log in
                (SimulatedRunner(run, place, log), "simulated")
            }
            exit(await process.run())
        }
        var options = RankProgram.Options(target: "")
        options.coordinatorWorks = arguments.takesWord("--coordinator-works")
        if let limit = arguments.value("--silence-limit") { options.silenceLimit = .seconds(Double(limit) ?? 30) }
        if let limit = arguments.value("--stall-limit") { options.stallLimit = .seconds(Double(limit) ?? 1800) }
        options.target = arguments.word()
        let environment = ProcessInfo.processInfo.environment
        let signals = StopSignals(parent: Launcher.started(environment))
        guard Launcher.started(environment) else {
            let place = RankProgram.Place(rank: 0, size: 1, localRank: 0, ranksOnNode: 1)
            exit(await RankProgram(options, place).run(transport: nil, drain: signals.requests).exitCode)
        }
        let transport = try await MPITransport.start(environment: environment)
        let report = transport.report
        let place = RankProgram.Place(
            rank: report.rank, size: report.size, localRank: report.localRank, ranksOnNode: report.size)
        let end = await RankProgram(options, place).run(
            transport: report.size > 1 ? transport : nil, drain: signals.requests)
        await transport.shutdown(everyoneAlive: end.everyoneAlive, exitStatus: end.exitCode)
        exit(end.exitCode)
    }
}

/// The command line, word by word.
struct Arguments {
    private var words: [String]

    init(_ words: some Sequence<String>) { self.words = Array(words) }

    mutating func takesWord(_ word: String) -> Bool {
        guard let index = words.firstIndex(of: word) else { return false }
        words.remove(at: index)
        return true
    }

    mutating func value(_ name: String) -> String? {
        guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
        defer { words.removeSubrange(index...index + 1) }
        return words[index + 1]
    }

    mutating func number(_ name: String) -> Int { value(name).flatMap(Int.init) ?? 0 }

    mutating func word() -> String { words.isEmpty ? "" : words.removeFirst() }
}
