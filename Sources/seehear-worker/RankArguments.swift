import ArgumentParser
import Worker

/// How ranks watch over each other, for every command that runs on ranks.
struct RankArguments: ParsableArguments {
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

    func apply(to options: inout RankProgram.Options) {
        options.coordinatorWorks = coordinatorWorks
        options.silenceLimit = .seconds(silenceLimit)
        options.stallLimit = .seconds(stallLimit)
        options.drainLimit = .seconds(drainLimit)
        options.logFormat = logFormat
    }
}

extension FileLogHandler.Format: ExpressibleByArgument {}
