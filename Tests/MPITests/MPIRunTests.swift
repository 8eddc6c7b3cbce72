import Foundation
import TestSupport
import Testing

/// Runs `mpi-transport-check`, which runs the transport's contract as one rank.
private enum Launch {
    static let program = Programs.built("mpi-transport-check")

    static let mpirun = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/mpirun" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    static func run(_ program: String, _ arguments: [String]) async throws -> Programs.Outcome {
        try await Programs.run(
            program, arguments,
            environment: [
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                "OMPI_MCA_rmaps_base_oversubscribe": "1", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
            ], limit: 90)
    }
}

@Suite("MPI: real ranks", .serialized)
struct MPIRunTests {
    @Test(
        "the transport's contract holds under mpirun", .enabled(if: Launch.mpirun != nil, "needs mpirun"),
        arguments: [(3, false), (3, true), (2, false)])
    func contract(ranks: Int, coordinatorWorks: Bool) async throws {
        let program = try #require(Launch.program, "mpi-transport-check is not built")
        let mpirun = try #require(Launch.mpirun)
        let output = try await Launch.run(
            mpirun,
            ["--bind-to", "none", "-n", "\(ranks)", program] + (coordinatorWorks ? ["--coordinator-works"] : []))
        #expect(output.code == 0, "\(output.text)")
        for rank in 0..<ranks {
            let line = "rank \(rank) of \(ranks), local \(rank), funneled: ok order sizes strangers run"
            #expect(output.lines.contains(line), "\(output.text)")
        }
    }

    @Test("without mpirun the process is a world of one")
    func alone() async throws {
        let program = try #require(Launch.program, "mpi-transport-check is not built")
        let output = try await Launch.run(program, [])
        #expect(output.code == 0, "\(output.text)")
        #expect(output.lines.contains("rank 0 of 1, local 0, funneled: ok order sizes strangers run"), "\(output.text)")
    }

    @Test("the probe tells version and thread level, and MPI starts once in a process")
    func probe() async throws {
        let program = try #require(Launch.program, "mpi-transport-check is not built")
        let output = try await Launch.run(program, ["--probe"])
        #expect(output.code == 0, "\(output.text)")
        #expect(output.text.contains("Open MPI"))
        #expect(output.text.contains("thread level funneled, standard 3"))
        #expect(output.text.contains("MPI was started before in this process"))
    }

    @Test(
        "a rank that dies is survived where mpirun lets the others live",
        .enabled(if: Launch.mpirun != nil, "needs mpirun"))
    func death() async throws {
        let program = try #require(Launch.program, "mpi-transport-check is not built")
        let mpirun = try #require(Launch.mpirun)
        // By default mpirun ends all ranks when one dies; the two versions are told otherwise in different words.
        let isFour = try await Launch.run(mpirun, ["--version"]).text.contains("(Open MPI) 4")
        let recovery = isFour ? ["--enable-recovery"] : ["--with-ft", "ulfm"]
        let output = try await Launch.run(
            mpirun, ["--bind-to", "none"] + recovery + ["-n", "3", program, "--die", "2"])
        #expect(output.text.contains("rank 0 of 3: all batches without rank 2"), "\(output.text)")
    }
}
