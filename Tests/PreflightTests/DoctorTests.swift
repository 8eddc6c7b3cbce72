import Foundation
import Processes
import TestSupport
import Testing

@testable import Preflight

@Suite struct DoctorTests {
    private static let good = """
        some library says hello
        {"libtorch": {"version": "2.11.0", "path": "/opt/libtorch", "threads": 2, "devices": ["cpu"],
                      "cuda": {"available": false, "reason": "libtorch_cuda.so is not there"}},
         "openmpi": {"version": "4.1.4", "thread_level": "funneled"}, "ffmpeg": {"avformat": "59.27.100"},
         "sndfile": "1.2.0", "zstd": "1.5.4"}
        """

    private func checks(_ status: Int32, _ output: String, _ errors: String = "", timedOut: Bool = false)
        -> [DoctorCheck]
    {
        WorkerChecks.checks(
            of: ProcessOutput(status: status, output: output, errors: errors, timedOut: timedOut),
            path: "/bin/seehear-worker")
    }

    @Test("the answer of a worker becomes one check for each part")
    func aWorkerThatTells() {
        let found = checks(0, Self.good)
        #expect(
            found.map(\.name) == [
                "seehear-worker", "libtorch", "devices", "CUDA", "Open MPI", "FFmpeg", "libsndfile", "zstd",
            ])
        #expect(found.map(\.state) == [.ok, .ok, .ok, .note, .ok, .ok, .ok, .ok])
        #expect(found[1].found == "2.11.0, path /opt/libtorch, threads 2")
        #expect(found[4].found == "4.1.4, thread level funneled")
        #expect(found[6].found == "1.2.0")
    }

    @Test func missingPartsAreWrongAndHaveARemedy() {
        let found = checks(0, #"{"libtorch": {"error": "no operator library"}, "openmpi": null, "zstd": "1"}"#)
        let wrong = found.filter { $0.state == .wrong }
        #expect(wrong.map(\.name) == ["libtorch", "Open MPI", "FFmpeg", "libsndfile"])
        #expect(wrong.allSatisfy { $0.remedy != nil })
        #expect(wrong[0].found == "no operator library")
    }

    @Test("what the loader says is shown, with the remedy for libtorch")
    func theLoadersWords() {
        let loader =
            "seehear-worker: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file: No such file or directory"
        let found = checks(127, "", loader)
        #expect(found.count == 1)
        #expect(found[0].state == .wrong)
        #expect(found[0].found.contains(loader))
        #expect(found[0].remedy?.contains("LIBTORCH=") == true)
        #expect(found[0].remedy?.contains("make setup") == true)
        let other = checks(127, "", loader.replacing("libtorch_cpu.so", with: "libmpi.so.40"))
        #expect(other[0].remedy?.contains("LIBTORCH=") == false)
    }

    @Test("an answer that is no JSON is one failed check", arguments: ["", "{", "no JSON", "}{", "{\"libtorch\": "])
    func answersThatAreNone(output: String) {
        #expect(checks(1, output).map(\.state) == [.wrong])
    }

    @Test("a worker that does not answer in time is wrong")
    func silence() {
        #expect(checks(137, Self.good, timedOut: true).map(\.state) == [.wrong])
    }

    @Test("a missing worker is wrong, and the remedy says how to build it")
    func noWorker() throws {
        let folder = try TemporaryFolder()
        let found = WorkerChecks.run(in: folder.url)
        #expect(found.map(\.state) == [.wrong])
        #expect(found[0].remedy?.contains("--product seehear-worker") == true)
    }

    @Test("the worker is asked by `seehear-worker doctor`")
    func aScriptInTheWorkersPlace() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "#!/bin/sh\n[ \"$*\" = doctor ] || exit 9\ncat <<'END'\n\(Self.good)\nEND\n", to: "seehear-worker")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        #expect(WorkerChecks.run(in: folder.url).filter { $0.state == .wrong } == [])
    }

    @Test func processesThatTakeTooLongAreEnded() throws {
        let output = try #require(ProcessOutput.run("/bin/sh", ["-c", "echo started; exec sleep 60"], limit: 0.3))
        #expect(output.timedOut)
        #expect(output.output == "started\n")
        #expect(ProcessOutput.run("/no/such/program", [], limit: 1) == nil)
        let failed = try #require(ProcessOutput.run("/bin/sh", ["-c", "echo bad >&2; exit 3"], limit: 30))
        #expect(failed == ProcessOutput(status: 3, output: "", errors: "bad\n"))
    }

    @Test("mpirun, threads, cache and disk are each checked")
    func machine() throws {
        let folder = try TemporaryFolder()
        let found = MachineChecks(
            environment: ["PATH": "", "HF_HUB_CACHE": folder.url.path, "OMP_NUM_THREADS": "many"], folder: folder.url
        ).run()
        #expect(found.first { $0.name == "mpirun" }?.state == .wrong)
        #expect(found.first { $0.name == "OMP_NUM_THREADS" }?.state == .wrong)
        #expect(found.first { $0.name == "Hugging Face cache" }?.state == .ok)
        #expect(found.first { $0.name == "disk" }?.found.contains("free at") == true)
    }

    @Test("little free memory is noted with both numbers")
    func memory() {
        let text = "MemTotal: 24000000 kB\nMemAvailable: 2000000 kB\n"
        let check = MachineChecks.memory(meminfo: text, total: 24_576_000_000)
        #expect(check.state == .note)
        #expect(check.found == "2.05 GB free of 24.6 GB")
        #expect(MachineChecks.memory(meminfo: "", total: 64_000_000_000).state == .ok)
    }
}
