import ArgumentParser
import Files
import Foundation
import MPI
import Worker

/// `seehear-worker doctor`: the libraries this program links. `seehear doctor` asks for it and shows the rest.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Print what was found of libtorch, MPI and the media libraries, as JSON.")

    func run() async throws {
        try StandardStreams.output(DoctorReport(mpi: await mpi()).json() + "\n")
    }

    /// MPI is started only where a launcher has: by itself it would need a daemon.
    private func mpi() async -> DoctorReport.MPI {
        guard Launcher.started(ProcessInfo.processInfo.environment) else {
            return DoctorReport.MPI(version: MPIReport.libraryVersion())
        }
        do {
            let report = try await MPIReport.probe()
            return DoctorReport.MPI(version: report.libraryVersion, threadLevel: "\(report.threadLevel)")
        } catch {
            return DoctorReport.MPI(error: "\(error)")
        }
    }
}
