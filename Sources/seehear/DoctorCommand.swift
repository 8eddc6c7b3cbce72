import ArgumentParser
import Evaluation
import Foundation
import Planning
import Preflight
import Processes

/// `seehear doctor`: what this machine has, what is wrong, and what would help.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this machine has, what is wrong, and what would help.",
        discussion: "Exits with 1 if something is wrong. Run it on a compute node: login nodes differ.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
        let checks =
            WorkerChecks.run(in: Self.programFolder) + [Self.openBLAS, Self.processor]
            + MachineChecks(environment: environment, folder: here).run()
        try Output.reporting {
            guard !json else { return try Output.printJSON(checks) }
            var rows: [[String]] = []
            for check in checks {
                rows.append([check.state.mark, check.name, check.found])
                if let remedy = check.remedy { rows.append(["", "", "→ \(remedy)"]) }
            }
            try Output.table(rows)
        }
        if checks.contains(where: { $0.state == .wrong }) { throw ExitCode.failure }
    }

    /// The folder of this program, symbolic links followed.
    static var programFolder: URL { URL(filePath: Program.path).deletingLastPathComponent() }

    private static var openBLAS: DoctorCheck {
        switch OpenBLAS.shared {
        case .failure(let error):
            return DoctorCheck("OpenBLAS", .note, "\(error)", remedy: "no command uses it yet; it is for metrics")
        case .success(let library):
            let choice = library.coreType.map {
                "OPENBLAS_CORETYPE \($0)\(library.isUsersChoice ? " (yours)" : " (chosen by the CPU's flags)")"
            }
            let found = [library.config, "kernels \(library.core)", choice, "\(library.threads) threads", library.name]
            return DoctorCheck("OpenBLAS", .ok, found.compactMap { $0 }.joined(separator: ", "))
        }
    }

    private static var processor: DoctorCheck {
        let processor = OpenBLASProcessor.current
        let flags = processor.notableFlags
        return DoctorCheck(
            "CPU", flags.isEmpty ? .note : .ok,
            "\(processor.model), \(flags.isEmpty ? "no vector instructions of note" : flags.joined(separator: " "))")
    }
}
