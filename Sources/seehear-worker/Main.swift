import ArgumentParser
import Dispatch
import Files
import Foundation
import MPI
import Planning
import Threads
import Worker

/// The program that mpirun starts on every rank.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seehear-worker", abstract: "Generate the samples of a run, on every rank that mpirun starts.",
        version: RunDescription.version,
        subcommands: [
            RunCommand.self, CaptionCommand.self, StylizeCommand.self, EvaluateCommand.self, ComputeCommand.self,
            BenchCommand.self, TuneCommand.self, SelfTestCommand.self, SelfTestPartCommand.self, DoctorCommand.self,
            CheckModelsCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    /// Runs the command; a command line that is not understood ends with 2, as invalid jobs do.
    ///
    /// Not asynchronous itself: an asynchronous `main` needs the pool of threads before it can look whether there is one.
    static func main() {
        StandardStreams.prepare()
        do {
            var command = try parseAsRoot()
            guard let asynchronous = command as? any AsyncParsableCommand else { return try command.run() }
            try requireThreads()
            run(asynchronous)
        } catch {
            end(error)
        }
    }

    private static func run(_ command: sending any AsyncParsableCommand) -> Never {
        Task {
            do {
                var command = command
                try await command.run()
                Foundation.exit(0)
            } catch {
                end(error)
            }
        }
        dispatchMain()
    }

    /// What a rank needs beside the threads of libtorch and MPI, which end the process where they get none: the pool that
    /// runs its tasks, and those for work that blocks.
    private static func requireThreads() throws {
        do {
            try SystemThread.require(ProcessInfo.processInfo.activeProcessorCount + 6, workers: 8)
        } catch {
            StandardStreams.tell("seehear-worker: \(error)\n")
            tellLauncher(ExitCode.failure.rawValue)
            throw ExitCode.failure
        }
    }

    private static func end(_ error: any Error) -> Never {
        guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
        StandardStreams.tell(fullMessage(for: error) + "\n")
        tellLauncher(2)
        Foundation.exit(2)
    }

    private static func tellLauncher(_ exitCode: Int32) {
        LaunchVerdict.tell(exitCode, rank: Launcher.rank(ProcessInfo.processInfo.environment))
    }
}
