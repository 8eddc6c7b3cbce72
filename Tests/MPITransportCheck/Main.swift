import Foundation
import MPI
import TransportContract

/// Runs the transport's checks as one rank of `mpirun`, or alone, and prints a line for each rank.
@main
struct MPITransportCheck {
    static func main() async {
        do {
            let transport = try await MPITransport.start()
            let report = transport.report
            let name = "rank \(report.rank) of \(report.size)"
            do {
                let works = CommandLine.arguments.contains("--coordinator-works")
                let (checks, everyoneAlive) = try await TransportContract.run(on: transport, coordinatorWorks: works)
                print("\(name), local \(report.localRank), \(report.threadLevel): ok \(checks.joined(separator: " "))")
                await transport.shutdown(everyoneAlive: everyoneAlive, exitStatus: 1)
            } catch {
                print("\(name): \(error)")
                // A status other than 0 ends the other ranks, which may wait for this one.
                await transport.shutdown(everyoneAlive: false, exitStatus: 1)
            }
        } catch {
            print("\(error)")
            exit(1)
        }
    }
}
