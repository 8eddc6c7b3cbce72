import ArgumentParser
import Arguments
import Coordinator
import Dispatch
import Foundation
import MPI
import Worker

/// `seehear-worker RUN`: this rank's part of a run.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Generate the samples of a run; the same command resumes it.",
        discussion: """
            mpirun -n 9 seehear-worker RUN          rank 0 coordinates, 8 ranks compute
            mpirun -n 9 seehear-worker JOB.yaml --out RUN
            seehear-worker RUN                      one process does both

            Exits with 0 when every sample was made, 3 when some failed, 75 when it was stopped and can be resumed, 2 for an \
            invalid job and 1 for a failure.
            """)

    @Argument(help: "A run directory, or a job file to plan into --out.")
    var target: String

    @Option(help: "The run directory of a job file.", completion: .directory)
    var out: String?

    @OptionGroup var settings: SettingOverrides

    @Flag(help: "Rank 0 computes too, beside coordinating.")
    var coordinatorWorks = false

    @Option(
        help: ArgumentHelp(
            "Seconds after which a rank, or its process, that is not heard is given up and its work goes to others.",
            valueName: "seconds"))
    var silenceLimit = 30.0

    @Option(
        help: ArgumentHelp(
            "Seconds without progress in a batch after which the process that computes it is ended and started anew.",
            valueName: "seconds"))
    var stallLimit = 1800.0

    @Option(
        help: ArgumentHelp(
            "Seconds that batches have to end after a signal asks the run to stop; then they are given up.",
            valueName: "seconds"))
    var drainLimit = 60.0

    @Option(help: "Log lines and progress as text or json.")
    var logFormat = FileLogHandler.Format.text

    func validate() throws {
        guard silenceLimit >= 5, silenceLimit.isFinite else {
            throw ValidationError("--silence-limit is \(silenceLimit): give 5 seconds or more; hearts beat every 2.")
        }
        guard stallLimit > 0, stallLimit.isFinite else {
            throw ValidationError("--stall-limit is \(stallLimit): give a number of seconds above 0.")
        }
        guard drainLimit >= 0, drainLimit.isFinite else {
            throw ValidationError("--drain-limit is \(drainLimit): give a number of seconds, 0 or more.")
        }
    }

    func run() async throws {
        var options = RankProgram.Options(target: target)
        options.out = out
        options.overrides = settings.overrides
        options.coordinatorWorks = coordinatorWorks
        options.silenceLimit = .seconds(silenceLimit)
        options.stallLimit = .seconds(stallLimit)
        options.drainLimit = .seconds(drainLimit)
        options.logFormat = logFormat
        let environment = ProcessInfo.processInfo.environment
        let signals = StopSignals(parent: Launcher.started(environment))
        guard Launcher.started(environment) else {
            let place = RankProgram.Place(rank: 0, size: 1, localRank: 0, ranksOnNode: 1)
            let end = await RankProgram(options, place).run(transport: nil, drain: signals.requests)
            Foundation.exit(end.exitCode)
        }
        let transport = try await MPITransport.start(environment: environment)
        let report = transport.report
        let place = RankProgram.Place(
            rank: report.rank, size: report.size, localRank: report.localRank,
            ranksOnNode: Launcher.ranksOnNode(environment) ?? report.size)
        let end = await RankProgram(options, place).run(
            transport: report.size > 1 ? transport : nil, drain: signals.requests)
        await transport.shutdown(everyoneAlive: end.everyoneAlive, exitStatus: end.exitCode)
        Foundation.exit(end.exitCode)
    }
}

extension FileLogHandler.Format: ExpressibleByArgument {}
