import ArgumentParser
import Files
import Foundation
import Planning

/// The program that plans, inspects and verifies runs; it links neither MPI nor libtorch.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seehear",
        abstract: "Plan, inspect and verify runs that generate audio, video and images for many clips.",
        discussion: "A run is computed by seehear-worker, which `seehear launch -n 9 RUN` starts on every rank.",
        version: RunDescription.version,
        subcommands: [
            InitCommand.self,
            PlanCommand.self,
            LaunchCommand.self,
            StatusCommand.self,
            ListCommand.self,
            EvaluateCommand.self,
            CompareCommand.self,
            ProtocolCommand.self,
            ReportCommand.self,
            ExportCommand.self,
            VerifyCommand.self,
            ExtractCommand.self,
            RetryCommand.self,
            KeyFrameCommand.self,
            DoctorCommand.self,
            HostAgentCommand.self,
            SlurmAgentCommand.self,
            AloneCommand.self,
        ])

    /// Runs the command; a command line that is not understood ends with 2, as invalid jobs do.
    static func main() {
        StandardStreams.prepare()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Output.complain(fullMessage(for: error))
            Foundation.exit(Output.invalid.rawValue)
        }
    }
}
