import Coordinator
import Foundation
import MPI
import Worker

/// Starts what a rank does, alone or among others.
enum RankStart {
    /// - Parameter atEnd: what rank 0 does with a run that is done, before the others may go on; gives the exit code.
    static func run(_ options: RankProgram.Options, atEnd: (Int32) async -> Int32 = { $0 }) async throws -> Never {
        let environment = ProcessInfo.processInfo.environment
        let signals = StopSignals(parent: Launcher.started(environment))
        guard Launcher.started(environment) else {
            let place = RankProgram.Place(rank: 0, size: 1, localRank: 0, ranksOnNode: 1)
            let end = await RankProgram(options, place).run(transport: nil, drain: signals.requests)
            Foundation.exit(await atEnd(end.exitCode))
        }
        let transport = try await MPITransport.start(environment: environment)
        let report = transport.report
        let place = RankProgram.Place(
            rank: report.rank, size: report.size, localRank: report.localRank,
            ranksOnNode: Launcher.ranksOnNode(environment) ?? report.size)
        let end = await RankProgram(options, place).run(
            transport: report.size > 1 ? transport : nil, drain: signals.requests)
        let code = place.rank == 0 ? await atEnd(end.exitCode) : end.exitCode
        await transport.shutdown(everyoneAlive: end.everyoneAlive, exitStatus: code)
        Foundation.exit(code)
    }
}
