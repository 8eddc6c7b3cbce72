package import Coordinator
import Files
import Foundation

/// The ranks of `mpirun` or `srun` as a transport.
///
/// There is one in a process, and it ends with ``shutdown(everyoneAlive:exitStatus:limit:)``. A loop must have
/// returned by then, because a heartbeat after MPI_Finalize aborts the job.
package final class MPITransport: Transport {
    /// What was found of MPI, and this process's place in it.
    package let report: MPIReport
    /// The ranks besides this one.
    package let peers: [Int]
    private let world: MPIWorld

    /// This process's rank.
    package var rank: Int { report.rank }
    /// Messages of the other ranks.
    package var events: AsyncStream<TransportEvent> { world.events }

    private init(world: MPIWorld, report: MPIReport) {
        self.world = world
        self.report = report
        peers = (0..<report.size).filter { $0 != report.rank }
    }

    /// Starts MPI, on a thread of its own.
    /// - Throws: `MPIStartError`. Some failures inside MPI_Init end the process instead; MPI has no way to prevent it.
    package static func start(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws(MPIStartError) -> MPITransport {
        let world = try MPIWorld()
        // MPI waits for every rank, and says nothing of it.
        let heartbeat = Task {
            var waited = 0
            while (try? await Task.sleep(for: .seconds(60))) != nil {
                waited += 60
                StandardStreams.tell(
                    "seehear-worker on \(LocalHost.name): MPI has been waiting for the other ranks for \(waited) s\n")
            }
        }
        defer { heartbeat.cancel() }
        return MPITransport(world: world, report: try await world.start(environment: environment))
    }

    package func send(_ bytes: [UInt8], to rank: Int) async throws(TransportError) {
        guard peers.contains(rank) else { throw .unknownRank(rank, peers: peers) }
        try await world.send(bytes, to: rank)
    }

    /// Sends what is still to be sent, then leaves MPI.
    ///
    /// Returns when MPI is finalized. Where a rank died or is missing, finalizing may wait for ever: then the process
    /// ends here, by `_exit`, as it does when finalizing takes longer than `limit`. A status other than 0 makes mpirun
    /// end the other ranks.
    /// - Parameter everyoneAlive: whether all ranks are known to come here too, as the ends of the loops say.
    package func shutdown(
        everyoneAlive: Bool, exitStatus: Int32 = 0, limit: Duration = .seconds(60)
    ) async {
        let isSent = await world.flush(within: .seconds(5))
        guard everyoneAlive, isSent, await world.isWell else {
            await world.close()
            leave(exitStatus)
        }
        let watchdog = Task {
            // Cancelled when finalizing came to its end.
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            leave(exitStatus)
        }
        await world.finalize()
        watchdog.cancel()
    }
}

/// Ends the process without the exit handlers of MPI, which may wait for dead ranks; what was printed is kept.
private func leave(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
}

extension MPIReport {
    /// Starts MPI, looks, and ends it: for a process that checks an installation and does nothing else with MPI.
    /// - Throws: `MPIStartError` for what is wrong.
    package static func probe() async throws(MPIStartError) -> MPIReport {
        let transport = try await MPITransport.start()
        await transport.shutdown(everyoneAlive: true)
        return transport.report
    }
}
