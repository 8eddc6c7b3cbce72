package import Logging

/// A rank's side of a run where a process of its own computes: carries messages between the coordinator and the worker loop
/// in that process, and starts another when it ends.
///
/// A crash in a kernel, the system's out-of-memory killer or a device that hangs so cost a process and not a rank, which
/// MPI would never give back.
package actor WorkerSupervisor {
    private enum Input: Sendable {
        case above(TransportEvent, at: Duration)
        case below(TransportEvent, of: Int, at: Duration)
        case exited(ChildExit, of: Int, at: Duration)
        case tick(at: Duration)
    }

    /// A running process. Its number tells what it says from what its predecessors said.
    private struct Child {
        let process: any ChildProcess
        let number: Int
        var lastHeard: Duration
        var isReady = false
        var saidGoodbye = false
        /// What its heartbeats said last, and since when.
        var work: (batch: Int, fraction: Double, since: Duration)?
        /// Why it was ended from here.
        var killedFor: String?
        /// Both must have come: what it said before its end counts.
        var exit: ChildExit?
        var hasSaidAll = false
    }

    private let transport: any Transport
    private let launcher: any ChildLauncher
    private let configuration: SupervisorConfiguration
    private let clock: LoopClock
    private let log: Logger
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    private var child: Child?
    private var launched = 0
    /// Processes that ended since one finished a batch, and since one was ready.
    private var crashes = 0
    private var crashesAtStart = 0
    private var nextLaunch: Duration?
    private var epoch: UInt64 = 0
    private var lastHeard = Duration.zero
    private var stopReason: StopReason?
    private var dismissal: Bool?
    private var lost: String?
    /// No process is started any more.
    private var hasLeft = false

    /// A supervisor that takes over the transport's events.
    package init(
        transport: any Transport, launcher: any ChildLauncher,
        configuration: SupervisorConfiguration = SupervisorConfiguration(),
        clock: any Clock<Duration> = ContinuousClock(), log: Logger
    ) {
        self.transport = transport
        self.launcher = launcher
        self.configuration = configuration
        self.clock = LoopClock(clock)
        self.log = log
        (inputs, input) = AsyncStream.makeStream()
    }

    /// Runs until the coordinator dismisses the rank, or is lost. Call it once. No message is sent after it returns, and no
    /// process is left.
    package func run() async -> WorkerEnd {
        let listener = Task { [transport, clock, input] in
            for await event in transport.events { input.yield(.above(event, at: clock.now)) }
            input.yield(.above(.broken("the transport was closed"), at: clock.now))
        }
        let ticker = Task { [clock, input, interval = configuration.tick] in
            while (try? await clock.sleep(interval)) != nil { input.yield(.tick(at: clock.now)) }
        }
        await launch(at: clock.now)
        for await next in inputs {
            await take(next)
            if lost != nil { child?.process.kill() }
            if child == nil, lost != nil || dismissal != nil { break }
        }
        listener.cancel()
        ticker.cancel()
        child?.process.kill()
        return WorkerEnd(outcome: outcome, everyoneAlive: lost == nil && dismissal == true)
    }

    private var outcome: WorkerOutcome {
        if let lost { return .coordinatorLost(lost) }
        switch stopReason {
        case .finished: return .finished
        case .refused(let why): return .refused(why)
        case .stopped: return .stopped
        case nil: return .coordinatorLost("the supervisor was cancelled")
        }
    }

    private func take(_ next: Input) async {
        switch next {
        case .above(.message(configuration.coordinator, let bytes), let now): await hand(down: bytes, at: now)
        case .above(.peerFailed(configuration.coordinator), _):
            lose("its process ended or the connection to it broke")
        case .above(.broken(let why), _): if dismissal == nil { lose(why) }
        case .above: break
        case .below(let event, let number, let now):
            guard child?.number == number else { return }
            switch event {
            case .message(_, let bytes): await hand(up: bytes, at: now)
            case .peerFailed: child?.hasSaidAll = true
            case .broken(let why): end("\(why)")
            }
            await bury(at: now)
        case .exited(let exit, let number, let now):
            guard child?.number == number else { return }
            child?.exit = exit
            await bury(at: now)
        case .tick(let now): await watch(at: now)
        }
    }

    // MARK: - Messages

    private func hand(down bytes: [UInt8], at now: Duration) async {
        lastHeard = now
        if let message = try? WireMessage(decoding: bytes), case .coordinator(let said) = message.body {
            switch said {
            case .welcome: epoch = message.epoch
            case .stop(let reason): stopReason = reason
            case .dismiss(let everyoneAlive): dismissal = everyoneAlive
            case .assign, .cancel, .drain, .alive, .segment, .run: break
            }
        }
        if let below = child?.process.transport, let peer = below.peers.first {
            try? await below.send(bytes, to: peer)
        } else if stopReason != nil, dismissal == nil {
            await retire("it had no process when the end came")
        }
    }

    private func hand(up bytes: [UInt8], at now: Duration) async {
        child?.lastHeard = now
        if let message = try? WireMessage(decoding: bytes), case .worker(let said) = message.body {
            switch said {
            case .ready:
                child?.isReady = true
                crashesAtStart = 0
            case .started(let batch), .sampleBegun(let batch, _): child?.work = (batch, 0, now)
            case .heartbeat(let batch, let fraction): note(batch, fraction, at: now)
            case .finished:
                crashes = 0
                child?.work = nil
            case .failed, .released: child?.work = nil
            case .goodbye: child?.saidGoodbye = true
            case .hello, .crashed, .segment, .wantsRun: break
            }
        }
        try? await transport.send(bytes, to: configuration.coordinator)
    }

    /// Progress is any change of what a heartbeat says.
    private func note(_ batch: Int?, _ fraction: Double, at now: Duration) {
        guard let batch else {
            child?.work = nil
            return
        }
        if let work = child?.work, work.batch == batch, work.fraction == fraction { return }
        child?.work = (batch, fraction, now)
    }

    private func say(_ message: WorkerMessage) async {
        guard epoch != 0 else { return }
        try? await transport.send(WireMessage(epoch: epoch, .worker(message)).encoded(), to: configuration.coordinator)
    }

    private func lose(_ why: String) {
        if lost == nil { lost = why }
    }

    // MARK: - Processes

    private func launch(at now: Duration) async {
        nextLaunch = nil
        launched += 1
        let number = launched
        do {
            let process = try await launcher.launch()
            child = Child(process: process, number: number, lastHeard: now)
            Task { [input, clock] in
                for await event in process.transport.events { input.yield(.below(event, of: number, at: clock.now)) }
            }
            Task { [input, clock] in input.yield(.exited(await process.exit(), of: number, at: clock.now)) }
        } catch {
            await crashed("\(error)", wasReady: false, at: now)
        }
    }

    private func end(_ why: String) {
        guard child?.killedFor == nil else { return }
        log.error("the process of this rank \(why); it is ended")
        child?.killedFor = why
        child?.process.kill()
    }

    /// After the end of a process and the last of what it said.
    private func bury(at now: Duration) async {
        guard let child, let exit = child.exit, child.hasSaidAll || child.killedFor != nil else { return }
        self.child = nil
        guard dismissal == nil, lost == nil else { return }
        if exit == .code(ChildExit.coordinatorLost) { return lose("its process did not hear the coordinator any more") }
        guard !child.saidGoodbye else {
            hasLeft = true
            return
        }
        await crashed(child.killedFor ?? "\(exit)", wasReady: child.isReady, at: now)
    }

    private func crashed(_ how: String, wasReady: Bool, at now: Duration) async {
        crashes += 1
        if !wasReady { crashesAtStart += 1 }
        log.error("the process of this rank \(how)")
        guard stopReason == nil else { return await retire("it \(how)") }
        await say(.crashed(reason: "it \(how)"))
        let limits = configuration
        if crashesAtStart >= limits.crashesAtStart || crashes >= limits.crashes {
            let times = max(crashesAtStart, crashes)
            log.error("\(times) processes of this rank ended one after the other; it takes no further part")
            await retire("\(times) of its processes ended one after the other, the last: it \(how)")
        } else {
            nextLaunch = now + .seconds(crashesAtStart)
        }
    }

    /// Starts no process any more, and says so once.
    private func retire(_ why: String) async {
        guard !hasLeft else { return }
        hasLeft = true
        await say(.goodbye(reason: why))
    }

    private func watch(at now: Duration) async {
        if let child {
            if now - child.lastHeard > configuration.silenceLimit {
                end("was silent for \(configuration.silenceLimit)")
            } else if let work = child.work, now - work.since > configuration.stallLimit {
                end("made no progress with batch \(work.batch) for \(configuration.stallLimit)")
            }
            return
        }
        if now - lastHeard > configuration.coordinatorSilenceLimit { lose("it was silent for \(now - lastHeard)") }
        if hasLeft {
            // Somebody must go on asking, to know that the coordinator is there.
            await say(.heartbeat(batch: nil, fraction: 0))
        } else if let nextLaunch, now >= nextLaunch {
            await launch(at: now)
        }
    }
}

/// What a supervisor needs to know.
package struct SupervisorConfiguration: Sendable {
    /// The rank that coordinates.
    package var coordinator = 0
    /// A process that is not heard for this long is ended; its heart beats every 2 seconds.
    package var silenceLimit: Duration = .seconds(30)
    /// A process that is heard but gets no further with its batch for this long is ended.
    package var stallLimit: Duration = .seconds(1800)
    /// The rank gives up when the coordinator is not heard for this long while it has no process.
    package var coordinatorSilenceLimit: Duration = .seconds(600)
    /// Processes that may end one after the other before any is ready, or before any finishes a batch.
    package var crashesAtStart = 3
    package var crashes = 10
    /// How often it looks.
    package var tick: Duration = .seconds(1)

    /// The default limits.
    package init() {}
}
