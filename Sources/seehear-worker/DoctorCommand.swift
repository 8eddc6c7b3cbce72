import ArgumentParser
import MPI
import Worker

/// `seehear-worker doctor`: the libraries this program links. `seehear doctor` asks for it and shows the rest.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Print what was found of libtorch, MPI and the media libraries, as JSON.")

    func run() async throws {
        var mpi = DoctorReport.MPI()
        do {
            let report = try await MPIReport.probe()
            mpi = DoctorReport.MPI(version: report.libraryVersion, threadLevel: "\(report.threadLevel)")
        } catch {
            mpi = DoctorReport.MPI(error: "\(error)")
        }
        print(try DoctorReport(mpi: mpi).json())
    }
}
