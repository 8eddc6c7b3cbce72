import ArgumentParser

@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seehear-worker", abstract: "Generate the samples of a run, on every rank that mpirun starts.",
        subcommands: [BenchCommand.self])
}
