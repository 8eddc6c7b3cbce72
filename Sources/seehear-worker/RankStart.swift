import Coordinator
import Files
import Foundation
import MPI
import Worker

/// Starts what a rank does, alone or among others.
enum RankStart {
    /// - Parameter atEnd: what rank 0 does with a run that is done, before the others may go on; it gets the exit code that the
    ///   run has, and gives its own.
    static func run(
        _ options: RankProgram.Options, atEnd: (Int32) async throws -> Int32 = { $0 }
    ) async throws -> Never {
        let environment = ProcessInfo.processInfo.environment
        let signals = StopSignals(parent: Launcher.started(environment))
        guard Launcher.started(environment) else {
            let place = RankProgram.Place(rank: 0, size: 1, localRank: 0, ranksOnNode: 1)
            let end = await RankProgram(options, place).run(transport: nil, drain: signals.requests)
            Foundation.exit(await ended(end.exitCode, atEnd))
        }
        let transport = try await MPITransport.start(environment: environment)
        let report = transport.report
        let place = RankProgram.Place(
            rank: report.rank, size: report.size, localRank: report.localRank,
            ranksOnNode: Launcher.ranksOnNode(environment) ?? report.size)
        let end = await RankProgram(options, place).run(
            transport: report.size > 1 ? transport : nil, drain: signals.requests)
        let code = place.rank == 0 ? await ended(end.exitCode, atEnd) : end.exitCode
        await transport.shutdown(everyoneAlive: end.everyoneAlive, exitStatus: code)
        Foundation.exit(code)
    }

    /// A run that was stopped, or failed, has nothing that could be used yet.
    private static func ended(_ code: Int32, _ atEnd: (Int32) async throws -> Int32) async -> Int32 {
        guard code == 0 || code == 3 else { return code }
        do {
            return try await atEnd(code)
        } catch {
            StandardStreams.tell("seehear-worker: \(error)\n")
            return 1
        }
    }
}
