import ArgumentParser
import Foundation
import Planning

/// The program that mpirun starts on every rank.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seehear-worker", abstract: "Generate the samples of a run, on every rank that mpirun starts.",
        version: RunDescription.version,
        subcommands: [
            RunCommand.self, ComputeCommand.self, BenchCommand.self, DoctorCommand.self, CheckModelsCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    /// Runs the command; a command line that is not understood ends with 2, as invalid jobs do.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(2)
        }
    }
}
