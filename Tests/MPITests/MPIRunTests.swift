import Foundation
import Testing

/// Runs `mpi-transport-check`, which runs the transport's contract as one rank.
private enum Launch {
    /// The program lies beside the tests that run.
    static let program: URL? = {
        guard let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        var folder = URL(filePath: tests).deletingLastPathComponent()
        for _ in 0..<4 {
            let program = folder.appending(path: "mpi-transport-check")
            if FileManager.default.isExecutableFile(atPath: program.path) { return program }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    static let mpirun: URL? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { URL(filePath: String($0)).appending(path: "mpirun") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }

    struct Output: Sendable {
        let status: Int32
        let text: String
        var lines: [Substring] { text.split(separator: "\n") }
    }

    /// Blocks, so it runs on a thread of its own.
    static func run(_ program: URL, _ arguments: [String]) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try runNow(program, arguments) })
            }
        }
    }

    private static func runNow(_ program: URL, _ arguments: [String]) throws -> Output {
        // A hang is a failure, not a wait; timeout(1) ends the whole job.
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["90", program.path] + arguments
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("OMPI_") && !$0.key.hasPrefix("PMIX_")
        }
        environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        environment["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Output(status: process.terminationStatus, text: String(decoding: data, as: UTF8.self))
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
            ["--bind-to", "none", "-n", "\(ranks)", program.path] + (coordinatorWorks ? ["--coordinator-works"] : []))
        #expect(output.status == 0, "\(output.text)")
        for rank in 0..<ranks {
            let line = "rank \(rank) of \(ranks), local \(rank), funneled: ok order sizes strangers run"
            #expect(output.lines.contains(Substring(line)), "\(output.text)")
        }
    }

    @Test("without mpirun the process is a world of one")
    func alone() async throws {
        let program = try #require(Launch.program, "mpi-transport-check is not built")
        let output = try await Launch.run(program, [])
        #expect(output.status == 0, "\(output.text)")
        #expect(output.lines.contains("rank 0 of 1, local 0, funneled: ok order sizes strangers run"), "\(output.text)")
    }

    @Test("the probe tells version and thread level, and MPI starts once in a process")
    func probe() async throws {
        let program = try #require(Launch.program, "mpi-transport-check is not built")
        let output = try await Launch.run(program, ["--probe"])
        #expect(output.status == 0, "\(output.text)")
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
            mpirun, ["--bind-to", "none"] + recovery + ["-n", "3", program.path, "--die", "2"])
        #expect(output.text.contains("rank 0 of 3: all batches without rank 2"), "\(output.text)")
    }
}
