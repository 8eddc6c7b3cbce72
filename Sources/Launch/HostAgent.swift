internal import Glibc
package import Processes

/// How `mpirun` reaches a host under a launch: `seehear host-agent HOST COMMAND…`, called as `ssh` would be.
///
/// Open MPI 4 ends a job when the way to one host ends with an error, as it does when that host or its daemon dies; so this one
/// outlives it, until mpirun itself goes. With mpirun it ends in any case: the way to a host that is cut off may not end by itself for
/// hours.
package enum HostAgent {
    /// What reaches another host where `SEEHEAR_RSH` names nothing.
    package static let usualWay = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]

    /// The way, word by word.
    package static func way(_ environment: [String: String]) -> [String]? {
        let words = environment["SEEHEAR_RSH"]?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
        return words.isEmpty ? nil : words
    }

    /// Runs until the way has ended, or mpirun.
    /// - Parameter words: the host and the command.
    /// - Returns: the exit code.
    /// - Throws: ``SpawnError``.
    package static func run(_ words: [String], environment: [String: String]) throws(SpawnError) -> Int32 {
        let parent = getppid()
        let signals = SignalQueue([SIGTERM, SIGINT, SIGHUP])
        let way = way(environment) ?? usualWay
        var spawn = Spawn(
            ProgramPath.find(way[0], path: environment["PATH"]) ?? way[0], way + words, environment: environment)
        spawn.descriptors[0] = 0
        let process = try spawn.start()
        var code: Int32?
        while true {
            let isAsked = signals.next(within: .milliseconds(500)) != nil
            if code == nil { code = ChildStatus.exitCode(of: process) }
            if code == 0 { return 0 }
            guard isAsked || getppid() != parent else { continue }
            return code ?? end(process)
        }
    }

    private static func end(_ process: pid_t) -> Int32 {
        kill(process, SIGTERM)
        for _ in 0..<50 {
            if let code = ChildStatus.exitCode(of: process) { return code }
            usleep(100_000)
        }
        kill(process, SIGKILL)
        return 128 + SIGKILL
    }
}

/// How a host of a Slurm allocation is reached, with `srun`: `seehear srun-agent HOST COMMAND…`. Each call is a step of its own, so
/// that one that dies takes no other with it.
package enum SlurmAgent {
    /// What a job asks for each of its tasks is not for the one task of this step, which starts all ranks of the host.
    static let unwanted: Set = [
        "SLURM_NTASKS", "SLURM_NPROCS", "SLURM_NTASKS_PER_NODE", "SLURM_TASKS_PER_NODE", "SLURM_DISTRIBUTION",
        "SLURM_CPUS_PER_TASK", "SLURM_GPUS_PER_TASK", "SLURM_GPU_BIND", "SLURM_NTASKS_PER_GPU",
    ]

    /// A preempted job's steps get SIGTERM at once. The daemon of Open MPI would end with it, and its ranks amid their batches; so it
    /// is held back from the daemon. Through bash, since other shells let it pass again. Coreutils before 8.31 cannot do it.
    private static let shielded =
        #"env --block-signal=TERM true 2>/dev/null && exec env --block-signal=TERM bash -c "$1"; exec bash -c "$1""#

    /// The command line of `srun`.
    static func words(host: String, command: [String]) -> [String] {
        [
            "srun", "--overlap", "--nodes=1", "--ntasks=1", "--nodelist=\(host)", "--mem=0", "--cpu-bind=none",
            "--mpi=none",
            "--export=ALL", "--input=none", "--quiet", "bash", "-c", shielded, "bash", command.joined(separator: " "),
        ]
    }

    /// Becomes `srun`.
    /// - Throws: ``SpawnError``; it does not return.
    package static func run(host: String, command: [String], environment: [String: String]) throws(SpawnError) -> Never
    {
        try Program.become(
            words(host: host, command: command), environment: environment.filter { !unwanted.contains($0.key) })
    }
}
