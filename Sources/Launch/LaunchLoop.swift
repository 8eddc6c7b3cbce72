internal import Foundation
package import Processes
package import Threads

/// Carries out what ``Launching`` says: starts and signals mpirun, asks hosts, and hears signals. It waits for nothing but the next
/// moment to look.
package final class LaunchLoop {
    private let plan: LaunchPlan
    private let say: (String) -> Void
    private var launching: Launching
    private let watch: RunWatch
    private let clock = AwakeClock()

    private var mpirun: pid_t?
    /// What is asked of hosts, with what its answers are for.
    private var errands: [HostErrand] = []
    private var purpose = Purpose.reaping
    private var answers: [HostAnswer] = []
    private var exitCode: Int32?

    private enum Purpose {
        /// With the ranks that are to start on each.
        case asking([Int])
        case reaping
    }

    /// How long it sleeps between two looks.
    private static let pause: Duration = .milliseconds(100)

    /// - Parameter say: tells whoever started this, without ever failing.
    package init(_ plan: LaunchPlan, say: @escaping (String) -> Void) {
        self.plan = plan
        self.say = say
        launching = Launching(plan.policy)
        watch = RunWatch(plan.run, verdict: plan.verdict)
    }

    /// Signals that ask for an early end. From now on they wait until a loop hears them, also while a launch is being planned. Call it
    /// before there are other threads.
    package static func signals() -> SignalQueue {
        // A terminal that closes asks for an end, unless `nohup` has said otherwise.
        SignalQueue([SIGINT, SIGTERM, SIGUSR1, SIGUSR2] + (SignalQueue.isIgnored(SIGHUP) ? [] : [SIGHUP]))
    }

    /// Runs until the launch is over. Call it once.
    /// - Returns: the exit code.
    /// - Throws: `ThreadError` where the system gives no thread to watch the run.
    package func run(hearing signals: SignalQueue) throws(ThreadError) -> Int32 {
        // Whoever reads what is said here may go; the run goes on.
        signal(SIGPIPE, SIG_IGN)
        try watch.start()
        while true {
            if let number = signals.next(within: Self.pause) {
                take(.stopRequested(number == SIGHUP ? .hangUp : .signal))
            }
            for event in watch.events() { take(event) }
            look()
            take(.tick)
            if let exitCode { return exitCode }
        }
    }

    private func take(_ event: Launching.Event) {
        for action in launching.handle(event, at: clock.now) { perform(action) }
    }

    private func perform(_ action: Launching.Action) {
        switch action {
        case .say(let text): say(text)
        case .exit(let code): exitCode = exitCode ?? code
        case .ask(let prepare): ask(prepare: prepare)
        case .start(let ranks, let hosts): start(ranks: ranks, hosts: hosts)
        case .drain: signalMpirun(SIGUSR2)
        case .terminate: signalMpirun(SIGTERM)
        case .kill: signalMpirun(SIGKILL)
        case .count: watch.ask(.count)
        case .clean(let hosts): send(plan.probe.reaping, to: hosts.map(\.name), for: .reaping)
        }
    }

    // MARK: - mpirun

    private func start(ranks: Int, hosts: [HostSlots]) {
        var spawn = plan.spawn(ranks: ranks, hosts: hosts)
        // What a terminal sends is for this process, which drains; mpirun would kill the ranks within a second.
        spawn.ownSession = true
        spawn.unignored = HostErrand.ignored
        do {
            mpirun = try spawn.start()
        } catch {
            say("\(error)")
            take(.mpirunEnded(126))
        }
    }

    private func signalMpirun(_ number: Int32) {
        if let mpirun { kill(mpirun, number) }
    }

    private func look() {
        if let process = mpirun, let code = ChildStatus.exitCode(of: process) {
            mpirun = nil
            take(.mpirunEnded(code))
        }
        guard !errands.isEmpty else { return }
        errands.removeAll { errand in
            guard case .over(let output) = errand.look() else { return false }
            if case .asking(let ranks) = purpose {
                answers[errand.place] = plan.probe.answer(output, ranks: ranks[errand.place])
            }
            return true
        }
        if errands.isEmpty { finishErrands() }
    }

    // MARK: - Hosts

    private func ask(prepare: Bool) {
        let hosts = plan.policy.hosts
        let wanted = plan.policy.ranks
        let all =
            hosts.isEmpty ? [wanted ?? LaunchPolicy.ranksOnOneMachine] : hosts.map { min($0.slots, wanted ?? .max) }
        send(plan.probe.question(prepare: prepare), to: hosts.map(\.name), for: .asking(all))
    }

    /// - Parameter hosts: none: this machine.
    private func send(_ command: String, to hosts: [String], for purpose: Purpose) {
        // What is still under way for another purpose does not matter any more.
        self.purpose = purpose
        let names: [String?] = hosts.isEmpty ? [nil] : hosts
        answers = names.map { _ in .silent("") }
        errands = names.enumerated().map { place, host in
            HostErrand(command, on: host, way: plan.way, environment: plan.environment, place: place)
        }
    }

    private func finishErrands() {
        switch purpose {
        case .asking: take(.answered(answers))
        case .reaping: watch.ask(.cleaned)
        }
    }
}

/// Time during which this process was awake: a machine that sleeps, or a launch that is stopped, waits for nobody meanwhile, and
/// nobody has been silent for it.
private final class AwakeClock {
    private var last = ContinuousClock.now
    private var elapsed = Duration.zero

    /// A longer step is sleep.
    private static let longest: Duration = .seconds(2)

    var now: Duration {
        let present = ContinuousClock.now
        elapsed += min(max(.zero, present - last), Self.longest)
        last = present
        return elapsed
    }
}
