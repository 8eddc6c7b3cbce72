import ArgumentParser
import Arguments
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

    @OptionGroup var ranks: RankArguments

    func run() async throws {
        var options = RankProgram.Options(target: target)
        options.out = out
        options.overrides = settings.overrides
        ranks.apply(to: &options)
        try await RankStart.run(options)
    }
}
