import Foundation
import MPI
import TransportContract

/// Runs the transport's checks as one rank of `mpirun`, or alone, and prints a line for each rank.
///
/// `--coordinator-works` lets rank 0 do batches too, `--die N` kills rank N in its second batch, `--probe` only looks
/// at the library.
@main
struct MPITransportCheck {
    static func main() async {
        do {
            if CommandLine.arguments.contains("--probe") { return try await probe() }
            let transport = try await MPITransport.start()
            let name = "rank \(transport.rank) of \(transport.report.size)"
            do {
                try await check(transport, name)
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

    private static func probe() async throws {
        let report = try await MPIReport.probe()
        print(report.libraryVersion)
        print("thread level \(report.threadLevel), standard \(report.standard)")
        do {
            _ = try await MPIReport.probe()
        } catch {
            print("\(error)")
        }
    }

    private static func check(_ transport: MPITransport, _ name: String) async throws {
        let arguments = CommandLine.arguments
        if let index = arguments.firstIndex(of: "--die"), index + 1 < arguments.count,
            let victim = Int(arguments[index + 1])
        {
            let everyoneAlive = try await TransportContract.surviveDeath(of: victim, on: transport)
            if transport.rank == 0 { print("\(name): all batches without rank \(victim)") }
            await transport.shutdown(everyoneAlive: everyoneAlive)
            return
        }
        let (checks, everyoneAlive) = try await TransportContract.run(
            on: transport, coordinatorWorks: arguments.contains("--coordinator-works"))
        let report = transport.report
        print("\(name), local \(report.localRank), \(report.threadLevel): ok \(checks.joined(separator: " "))")
        await transport.shutdown(everyoneAlive: everyoneAlive, exitStatus: 1)
    }
}
