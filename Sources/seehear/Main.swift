import ArgumentParser
import Coordinator

/// The program that plans, inspects and verifies runs; it links neither MPI nor libtorch.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seehear",
        abstract: "Plan, inspect and verify runs that generate sound and pictures for many clips.",
        discussion: "A run is computed by seehear-worker: mpirun -n 9 seehear-worker RUN",
        version: RunDescription.version,
        subcommands: [
            PlanCommand.self,
            StatusCommand.self,
            ListCommand.self,
            VerifyCommand.self,
            ExtractCommand.self,
            DoctorCommand.self,
        ])
}
