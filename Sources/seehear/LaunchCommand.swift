import ArgumentParser
import Foundation
import Launch
import Processes

/// `seehear launch RUN`: brings a run home.
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Run mpirun again and again until a run is done.",
        discussion: """
            seehear launch -n 9 RUN
            seehear launch --hosts node1:8,node2:8 RUN --coordinator-works
            seehear launch -n 3 JOB.yaml --out RUN

            Starts `mpirun seehear-worker RUN`, watches the run's own files, ends what lingers, leaves out hosts that do not \
            answer, and starts again until the run is done. Options of seehear-worker come after the run.

            SIGINT, SIGTERM, SIGUSR1, SIGUSR2 and a terminal that closes (SIGHUP, unless under nohup) drain the run: no \
            further batch is begun, and those that run are finished. A second signal gives those up.

            Exits with the run's own code: 0 done, 3 done with failed samples, 75 stopped and resumable, 2 not a valid \
            job, 1 given up.

            SEEHEAR_BIN   folder of seehear-worker (that of this program)
            SEEHEAR_RSH   how to reach a host, ssh-like (ssh -o BatchMode=yes -o ConnectTimeout=5; srun in an allocation)
            MPIRUN        the mpirun (mpirun)
            """)

    @Option(
        name: .customShort("n"), parsing: .unconditional,
        help: ArgumentHelp(
            "Ranks in all; by default as many as the hosts have slots, without hosts 2.", valueName: "ranks"))
    var ranks: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Hosts and their slots; by default Slurm's, where there is an allocation, else this machine alone.",
            valueName: "a:8,b:8"))
    var hosts: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The same in lines of Open MPI: `host slots=8`.", valueName: "file"),
        completion: .file())
    var hostfile: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Starts in a row that settle no sample before it gives up.", valueName: "starts"))
    var giveUp = "3"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Without a beat of the coordinator for this long, it is taken for dead.", valueName: "seconds"))
    var stale = "60"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The same for the first beat of a start, before which a job is planned and the run is read.",
            valueName: "seconds"))
    var start = "900"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "From the first signal until ranks that did not end by themselves are killed.", valueName: "seconds"))
    var grace = "120"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "When ranks have been missing for this long whose hosts answer, the run is drained and begun anew with them, if more time than that is left; 0 never does. In vain, it waits twice as long the next time.",
            valueName: "seconds"))
    var renew = "3600"

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Handed on to mpirun word by word.", valueName: "options"))
    var mpirun = ""

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp(
            "A run directory, or a job file and --out, and options of seehear-worker.", valueName: "run"))
    var words: [String] = []

    func run() throws {
        let code: Int32 = try Output.reporting {
            do {
                return try launch()
            } catch let problem as LaunchProblem {
                Self.say("\(problem)")
                throw Output.invalid
            }
        }
        if code != 0 { throw ExitCode(code) }
    }

    private func launch() throws -> Int32 {
        var request = LaunchPlan.Request(words: words)
        request.policy.ranks = try ranks.map { try Self.number("-n", $0) }
        request.policy.giveUp = try Self.number("--give-up", giveUp)
        request.policy.stale = .seconds(try Self.number("--stale", stale))
        request.policy.start = .seconds(try Self.number("--start", start))
        request.policy.grace = .seconds(try Self.number("--grace", grace))
        request.policy.renew = renew == "0" ? .zero : .seconds(try Self.number("--renew", renew))
        request.mpirunOptions = mpirun
        if let hosts { request.hosts = try HostSlots.list(hosts) }
        if let hostfile {
            guard hosts == nil else {
                throw LaunchProblem("--hosts and --hostfile are both given", remedy: "give one of them")
            }
            request.hosts = try Hostfile.read(hostfile)
        }
        let signals = LaunchLoop.signals()
        let plan = try LaunchPlan(
            request, program: Program.path, environment: ProcessInfo.processInfo.environment, mark: Program.mark())
        return try LaunchLoop(plan, say: Self.say).run(hearing: signals)
    }

    private static func number(_ option: String, _ text: String) throws(LaunchProblem) -> Int {
        guard let number = HostSlots.count(text) else {
            throw LaunchProblem("\(option) is '\(text)'", remedy: "give a whole number above 0")
        }
        return number
    }

    private static func say(_ text: String) { Output.complain("launch: \(text)") }
}

/// `seehear host-agent HOST COMMAND…`: how mpirun reaches a host under a launch; of no use by hand.
struct HostAgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host-agent", abstract: "Reach a host for mpirun, which a launch sees to by itself.",
        shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough)
    var words: [String] = []

    func run() throws {
        let code = try Output.reporting {
            try HostAgent.run(words, environment: ProcessInfo.processInfo.environment)
        }
        if code != 0 { throw ExitCode(code) }
    }
}

/// `seehear srun-agent HOST COMMAND…`: how a host of a Slurm allocation is reached; of no use by hand.
struct SlurmAgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "srun-agent", abstract: "Reach a host of a Slurm allocation, which a launch sees to by itself.",
        shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough)
    var words: [String] = []

    func run() throws {
        guard let host = words.first else { throw ValidationError("a host is missing") }
        try Output.reporting {
            try SlurmAgent.run(
                host: host, command: Array(words.dropFirst()), environment: ProcessInfo.processInfo.environment)
        }
    }
}

/// `seehear alone COMMAND…`: runs mpirun in a network of its own; of no use by hand.
struct AloneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alone", abstract: "Run a command in a network of its own, which a launch sees to by itself.",
        shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough)
    var words: [String] = []

    func run() throws {
        try Output.reporting {
            try PrivateNetwork.enter(words, environment: ProcessInfo.processInfo.environment)
        }
    }
}
