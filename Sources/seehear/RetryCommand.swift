import ArgumentParser
import Arguments
import Foundation
import Planning
import Shard

/// `seehear retry RUN`: another attempt at failed samples.
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Mark failed samples of a run for another attempt.",
        discussion: """
            What is recorded of them goes, and the command that ran the job does them again, with the other samples of their \
            batches, which get the same bytes. `seehear ls RUN --failed` shows what failed and why.

            seehear retry RUN                                  all that failed
            seehear retry RUN --kind outOfMemory --kind workerLost
            seehear retry RUN --key dog-01 --key bell
            """)

    @OptionGroup var argument: RunArgument

    @Option(
        name: .customLong("kind"), parsing: .singleValue,
        help: "Only samples that failed with this kind; may be given again.")
    var kinds: [String] = []

    @Option(name: .customLong("key"), parsing: .singleValue, help: "Only this sample; may be given again.")
    var keys: [String] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try Output.reporting {
            let run = try Run.open(argument.directory)
            let outcome = try RunRetry(run).mark(kinds: Set(kinds), keys: Set(keys))
            guard !json else { return try Output.printJSON(outcome, pretty: false) }
            if outcome.samples == 0 {
                try Output.line("no failed sample can be tried again; nothing was changed")
            } else {
                try Output.line(
                    "\(outcome.samples) failed samples in \(outcome.batches) batches are marked; "
                        + "\(outcome.made) others of those batches are made again with them.")
                try Output.line("Now run the job again: mpirun -n 9 seehear-worker \(run.directory.url.path)")
            }
            if outcome.hopeless > 0 {
                try Output.line("\(outcome.hopeless) stay failed: their rows were wrong when the run was planned.")
            }
        }
    }
}
