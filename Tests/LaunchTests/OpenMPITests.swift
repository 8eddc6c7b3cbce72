import Foundation
import Processes
import TestSupport
import Testing

@testable import Launch

@Suite("Open MPI, and hosts")
struct OpenMPITests {
    @Test("versions 4 and 5 are told apart by what mpirun says, and have their own options")
    func versions() throws {
        let four = try #require(OpenMPI(versionOutput: "mpirun (Open MPI) 4.1.4\n\nReport bugs to …\n"))
        #expect(four.version == "4.1.4")
        #expect(four.survival == ["--enable-recovery"])
        #expect(four.reaching(by: "x y") == ["--mca", "plm", "rsh", "--mca", "plm_rsh_agent", "x y"])
        #expect(four.sharedMemoryVariable == "OMPI_MCA_btl_vader_backing_directory")
        for text in ["mpirun (Open MPI) 5.0.11\n", "mpirun (Open MPI) 6.1.0rc1\n"] {
            let five = try #require(OpenMPI(versionOutput: text))
            #expect(five.survival == ["--with-ft", "ulfm"])
            #expect(five.reaching(by: "x") == ["--prtemca", "plm", "ssh", "--prtemca", "plm_ssh_agent", "x"])
            #expect(five.sharedMemoryVariable == "OMPI_MCA_btl_sm_backing_directory")
        }
    }

    @Test(
        "what is no Open MPI of these versions is not taken for one",
        arguments: [
            "", "\n", "mpirun (Open MPI) 3.1.6\n", "HYDRA build details:\n    Version: 4.0.2\n", "mpirun (Open MPI) \n",
            "mpirun (Open MPI) 4\n", "Intel(R) MPI Library for Linux* OS, Version 2021.5\n",
            "mpirun (Open MPI) four.1\n",
        ])
    func others(text: String) { #expect(OpenMPI(versionOutput: text) == nil) }

    @Test(
        "the environment of Open MPI is the one that cluster/env.sh sets, whatever is set already",
        arguments: [true, false])
    func environment(onOneMachine: Bool) async throws {
        let script = Fixtures.checkout.appending(path: "cluster/env.sh").path
        for given in [
            [:], ["OMPI_MCA_hwloc_base_binding_policy": "core", "PRTE_MCA_rmaps_default_mapping_policy": ""],
            ["OMPI_MCA_btl": "self,tcp", "OMPI_MCA_pml": ""],
        ] {
            let outcome = try await Programs.run(
                "env",
                ["-i"] + given.map { "\($0)=\($1)" } + [
                    "PATH=/usr/bin:/bin", "bash", "-c", ". '\(script)' \(onOneMachine ? "local" : ""); env",
                ])
            let pairs = outcome.lines.compactMap { line -> (String, String)? in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                return ["PATH", "PWD", "_", "OLDPWD", "SHLVL"].contains(parts[0]) ? nil : (parts[0], parts[1])
            }
            let own = given.merging(
                OpenMPIEnvironment.variables(beside: given, isRoot: geteuid() == 0, onOneMachine: onOneMachine)
            ) { $1 }
            #expect(Dictionary(pairs) { $1 } == own)
        }
    }

    // MARK: - Hosts

    private let probe = HostProbe(worker: "/opt/it's here/seehear-worker", mark: "7-abc")

    private func answer(_ output: String, errors: String = "", status: Int32 = 0, timedOut: Bool = false) -> HostAnswer
    {
        probe.answer(ProcessOutput(status: status, output: output, errors: errors, timedOut: timedOut), ranks: 8)
    }

    @Test("a host's answer is found among what the way to it says, and each trouble has its sentence")
    func answers() throws {
        #expect(answer("Welcome!\nseehear-launch: ready 999999\n") == .ready)
        #expect(answer("seehear-launch: ready\n") == .ready, "a system without df is not refused")
        #expect(
            answer("", errors: "x\nssh: Could not resolve hostname n9\n", status: 255)
                == .silent("ssh: Could not resolve hostname n9"))
        #expect(answer("", status: 255) == .silent("code 255"))
        #expect(answer("", status: 143, timedOut: true) == .silent("not within 20 s"))
        #expect(probe.answer(nil, ranks: 1) == .silent("the way there cannot be started"))
        for (word, text) in [
            ("program", "there is no /opt/it's here/seehear-worker"), ("executable", "cannot be run there"),
            ("memory", "/dev/shm/seehear-7-abc cannot be made"),
            ("ready 34000", "/dev/shm has 33 MiB free, and 8 ranks"),
        ] {
            guard case .unfit(let why) = answer("seehear-launch: \(word)\n") else {
                Issue.record("\(word) is no trouble")
                continue
            }
            #expect(why.contains(text), "\(why)")
        }
    }

    @Test("the question is asked in plain shell: it finds the program, makes the folder, and the reaping removes it")
    func question() async throws {
        let folder = try TemporaryFolder()
        let worker = try folder.write("#!/bin/sh\n", to: "it's a folder/seehear-worker")
        let probe = HostProbe(worker: worker, mark: Program.mark())
        func ask(prepare: Bool = true) async throws -> HostAnswer {
            let outcome = try await Programs.run("sh", ["-c", probe.question(prepare: prepare)])
            #expect(outcome.errors.isEmpty, "\(outcome.errors)")
            return probe.answer(ProcessOutput(status: outcome.code, output: outcome.output, errors: ""), ranks: 1)
        }
        guard case .unfit(let why) = try await ask() else { throw Unexpected() }
        #expect(why.contains("cannot be run"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: worker)
        #expect(try await ask(prepare: false) == .ready)
        #expect(!FileManager.default.fileExists(atPath: probe.memory))
        #expect(try await ask() == .ready)
        let mode = try FileManager.default.attributesOfItem(atPath: probe.memory)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        #expect(try await ask() == .ready, "it is there already")
        let reaped = try await Programs.run("sh", ["-c", probe.reaping])
        #expect(reaped.code == 0 && reaped.text.isEmpty, "\(reaped.text)")
        #expect(!FileManager.default.fileExists(atPath: probe.memory))
        // A link in its place would lead ranks elsewhere.
        try FileManager.default.createSymbolicLink(atPath: probe.memory, withDestinationPath: folder.url.path)
        defer { unlink(probe.memory) }
        guard case .unfit = try await ask() else { throw Unexpected() }
    }

    private struct Unexpected: Error {}

    @Test("a step of Slurm for a host is one task, and gets the command as one word behind a shield against SIGTERM")
    func slurmAgent() {
        let words = SlurmAgent.words(host: "n1", command: ["orted", "-mca", "x 'y'"])
        #expect(words.first == "srun" && words.contains("--nodelist=n1") && words.contains("--ntasks=1"))
        #expect(words.suffix(3).first?.contains("--block-signal=TERM") == true)
        #expect(words.last == "orted -mca x 'y'")
        #expect(SlurmAgent.unwanted.contains("SLURM_NTASKS"))
    }
}
