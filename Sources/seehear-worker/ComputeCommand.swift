import ArgumentParser
import Foundation
import Worker

/// `seehear-worker compute`: what a rank starts to compute for it; of no use by hand.
struct ComputeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compute", abstract: "Compute for a rank, which starts this by itself.", shouldDisplay: false)

    @Argument var run: String
    @Option var rank: Int
    @Option var size: Int
    @Option var localRank: Int
    @Option var ranksOnNode: Int
    @Option var logFormat: FileLogHandler.Format

    func run() async throws {
        let place = RankProgram.Place(rank: rank, size: size, localRank: localRank, ranksOnNode: ranksOnNode)
        Foundation.exit(await ComputingProcess(run: run, place: place, logFormat: logFormat).run())
    }
}
