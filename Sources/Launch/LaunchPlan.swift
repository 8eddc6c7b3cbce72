internal import Files
internal import Foundation
internal import Planning
internal import Processes

/// What is started and where, after everything that can be known before was checked.
package struct LaunchPlan: Sendable {
    package var policy: LaunchPolicy
    let run: RunDirectory
    /// The words of `seehear-worker`'s command line.
    let words: [String]
    let probe: HostProbe
    /// As the user calls it, which decides whether Open MPI looks for itself beside it on other hosts.
    let mpirun: (word: String, path: String)
    let openMPI: OpenMPI
    /// What mpirun is called by, so that on one machine nobody else reaches what listens; nothing where that cannot be had.
    let isolation: [String]
    /// What is handed on to mpirun as it is.
    let extra: [String]
    /// What reaches another host, with its options.
    let way: [String]
    /// What mpirun calls to reach another host.
    let agent: String
    let verdict: String
    let environment: [String: String]

    /// What the command line says.
    package struct Request: Sendable {
        package var policy = LaunchPolicy()
        /// Nil: Slurm's hosts, where there is an allocation, else this machine alone.
        package var hosts: [HostSlots]?
        package var mpirunOptions = ""
        /// A run directory, or a job file, and the worker's options.
        package var words: [String]

        package init(words: [String]) { self.words = words }
    }

    /// Checks it all; blocks, since it asks `mpirun` for its version.
    /// - Parameters:
    ///   - program: this program, which is also what reaches hosts.
    ///   - mark: tells this launch from all others.
    /// - Throws: ``LaunchProblem``; ``RunError`` where the directory holds no run.
    package init(_ request: Request, program: String, environment: [String: String], mark: String) throws {
        words = request.words
        policy = request.policy
        extra = request.mpirunOptions.split(whereSeparator: \.isWhitespace).map(String.init)
        policy.coordinatorWorks = words.contains("--coordinator-works")
        run = RunDirectory(try Self.run(of: words))
        policy.logs = run.logs.path

        let slurm = request.hosts == nil ? try SlurmAllocation.hosts(environment) : nil
        policy.hosts = request.hosts ?? slurm ?? []
        let given = HostAgent.way(environment)
        way = given ?? (slurm == nil ? HostAgent.usualWay : [program, "srun-agent"])
        agent = "\(program) host-agent"

        let folder =
            environment["SEEHEAR_BIN"].flatMap { $0.isEmpty ? nil : $0 }
            ?? String(program.prefix(through: program.lastIndex(of: "/") ?? program.startIndex))
        probe = HostProbe(worker: try Self.worker(in: folder), mark: mark)
        mpirun = try Self.mpirun(environment)
        openMPI = try Self.version(of: mpirun)
        policy.mpi = "Open MPI \(openMPI.version)"
        isolation =
            policy.hosts.isEmpty
            ? PrivateNetwork.words(calling: [program, "alone"], environment: environment) ?? [] : []
        if !policy.hosts.allSatisfy({ HostErrand.isHere($0.name) }) {
            try Self.check(way: way, program: program, slurm: slurm != nil && given == nil, environment)
        }
        try Self.checkTemporaryFolder(environment)

        let path = Self.resolved(run.url.path)
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        verdict = "\(path[..<slash])/.\(path[slash...].dropFirst()).\(mark)"
        var variables = environment
        variables.merge(
            OpenMPIEnvironment.variables(
                beside: environment, isRoot: geteuid() == 0, onOneMachine: policy.hosts.isEmpty)
        ) { $1 }
        // In every process of this launch, so that those that linger are found, and no others.
        variables["SEEHEAR_LAUNCH"] = mark
        variables["SEEHEAR_RSH"] = way.joined(separator: " ")
        variables["SEEHEAR_VERDICT"] = verdict
        variables[openMPI.sharedMemoryVariable] = probe.memory
        self.environment = variables
    }

    /// What mpirun is started by.
    func spawn(ranks: Int, hosts: [HostSlots]) -> Spawn {
        let words = isolation + mpirunWords(ranks: ranks, hosts: hosts)
        return Spawn(isolation.first ?? mpirun.path, words, environment: environment)
    }

    /// The command line of mpirun.
    private func mpirunWords(ranks: Int, hosts: [HostSlots]) -> [String] {
        var all = [mpirun.word] + openMPI.survival
        if !hosts.isEmpty {
            all += ["--host", hosts.map(\.description).joined(separator: ",")]
            for name in ["SEEHEAR_LAUNCH", "SEEHEAR_VERDICT", "SEEHEAR_RSH"] { all += ["-x", name] }
            all += openMPI.reaching(by: agent)
        }
        return all + extra + ["-n", "\(ranks)", probe.worker] + words
    }

    // MARK: - Checks

    /// The run directory: the first word, or what follows `--out`.
    private static func run(of words: [String]) throws -> URL {
        guard let target = words.first else {
            throw LaunchProblem("nothing is named to run", remedy: "give a run directory, or a job file and --out")
        }
        guard !target.hasPrefix("-") else {
            throw LaunchProblem(
                "\(target) is no option of launch",
                remedy: "see `seehear help launch`; options of seehear-worker come after the run")
        }
        if PathKind(target) == .folder {
            let url = URL(filePath: target, directoryHint: .isDirectory)
            _ = try Run.describe(RunDirectory(url))
            return url
        }
        var out: String?
        for (word, next) in zip(words, words.dropFirst() + [""]) {
            if word == "--out" { out = next }
            if word.hasPrefix("--out=") { out = String(word.dropFirst(6)) }
        }
        guard let out, !out.isEmpty else {
            throw LaunchProblem(
                "\(target) is no run directory", remedy: "plan the job first, or say with --out where its run goes")
        }
        guard PathKind(target) == .file else {
            throw LaunchProblem(
                "there is no job file \(target)", remedy: "give a run directory, or a job file and --out")
        }
        return URL(filePath: out, directoryHint: .isDirectory)
    }

    private static func worker(in folder: String) throws(LaunchProblem) -> String {
        let path = resolved("\(folder)/seehear-worker", followingLast: false)
        guard PathKind(path) == .file else {
            throw LaunchProblem(
                "there is no \(path)", remedy: "`make build` makes it; SEEHEAR_BIN names the folder of another build")
        }
        guard ProgramPath.isProgram(path) else {
            throw LaunchProblem("\(path) cannot be run", remedy: "check its permissions, and the mount's `noexec`")
        }
        return path
    }

    private static func mpirun(_ environment: [String: String]) throws(LaunchProblem) -> (word: String, path: String) {
        let given = environment["MPIRUN"].flatMap { $0.isEmpty ? nil : $0 }
        let word = given ?? "mpirun"
        guard let path = ProgramPath.find(word, path: environment["PATH"]) else {
            throw LaunchProblem(
                given == nil ? "mpirun is not on PATH" : "MPIRUN is '\(word)', where there is no program",
                remedy: "install Open MPI (Debian: openmpi-bin), load its module, or set MPIRUN to its mpirun")
        }
        return (word, path)
    }

    private static func version(of mpirun: (word: String, path: String)) throws(LaunchProblem) -> OpenMPI {
        let remedy = "seehear needs Open MPI 4 or newer; set MPIRUN to its mpirun"
        let limit = 20.0
        guard let output = ProcessOutput.run(mpirun.path, ["--version"], limit: limit) else {
            throw LaunchProblem("\(mpirun.path) cannot be started", remedy: remedy)
        }
        guard !output.timedOut else {
            throw LaunchProblem("`\(mpirun.word) --version` did not end within \(Int(limit)) s", remedy: remedy)
        }
        guard let version = OpenMPI(versionOutput: output.output) else {
            let said = (output.output + output.errors).split(whereSeparator: \.isNewline).first ?? "nothing"
            throw LaunchProblem("\(mpirun.path) is not Open MPI 4 or 5: it says '\(said.prefix(120))'", remedy: remedy)
        }
        return version
    }

    private static func check(
        way: [String], program: String, slurm: Bool, _ environment: [String: String]
    ) throws(LaunchProblem) {
        let name = slurm ? "srun" : way[0]
        guard ProgramPath.find(name, path: environment["PATH"]) != nil else {
            throw LaunchProblem(
                "\(name), which reaches other hosts, is not there",
                remedy: "install it, or set SEEHEAR_RSH to what reaches a host as ssh does")
        }
        // Open MPI takes it apart at these.
        guard !program.contains(where: { $0.isWhitespace || $0 == ":" }) else {
            throw LaunchProblem(
                "Open MPI cannot start \(program) to reach other hosts",
                remedy: "put it at a path without spaces and colons")
        }
    }

    /// Open MPI keeps its files there.
    private static func checkTemporaryFolder(_ environment: [String: String]) throws(LaunchProblem) {
        let name = ["TMPDIR", "TEMP", "TMP"].first { environment[$0]?.isEmpty == false }
        let folder = name.flatMap { environment[$0] } ?? "/tmp"
        let remedy = "set TMPDIR to a folder of this machine that you may write to, such as /tmp"
        let what = name.map { "\($0) is \(folder)" } ?? "Open MPI keeps its files in /tmp"
        guard PathKind(folder) == .folder else { throw LaunchProblem("\(what), and that is no folder", remedy: remedy) }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw LaunchProblem("\(what), where nothing can be written (\(SystemError.last))", remedy: remedy)
        }
        guard folder.utf8.count <= longestTemporaryFolder else {
            throw LaunchProblem(
                "\(what): with \(folder.utf8.count) bytes it is too long for Open MPI, which makes files below it",
                remedy: "\(remedy), in at most \(longestTemporaryFolder) bytes")
        }
    }

    /// Measured with Open MPI 4.1.4, which begins to fail at 503.
    private static let longestTemporaryFolder = 480

    /// A path from the root, with links followed as far as it exists.
    private static func resolved(_ path: String, followingLast: Bool = true) -> String {
        func real(_ path: String) -> String? {
            guard let found = realpath(path, nil) else { return nil }
            defer { free(found) }
            return String(cString: found)
        }
        if followingLast, let path = real(path) { return path }
        var parts = path.split(separator: "/").map(String.init)
        guard let last = parts.popLast() else { return "/" }
        let folder = (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        let above = folder.isEmpty ? "." : folder
        let base = real(above) ?? (above == "/" || above == "." ? above : resolved(above))
        return (base == "/" ? "" : base) + "/" + last
    }
}
