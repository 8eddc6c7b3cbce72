import Coordinator
import Foundation
import TransportContract

/// Runs the transport's checks as a process that is joined by pipes to the one that started it, which is rank 0:
///
///     pipe-transport-check RANK [VICTIM]
///
/// With a victim, that rank kills itself in its second batch and the others are to survive it.
@main
struct PipeTransportCheck {
    static func main() async {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard let rank = numbers.first, ChildLife.begin() else { exit(2) }
        let victim = numbers.dropFirst().first
        do {
            let transport = try PipeTransport(
                rank: rank, peer: 0, input: SpawnedProcess.input, output: SpawnedProcess.output, waits: true)
            let everyoneAlive =
                if let victim {
                    try await TransportContract.surviveDeath(of: victim, on: transport)
                } else {
                    try await TransportContract.run(on: transport).everyoneAlive
                }
            exit(everyoneAlive == (victim == nil) ? 0 : 3)
        } catch {
            FileHandle.standardError.write(Data("rank \(rank): \(error)\n".utf8))
            exit(1)
        }
    }
}
