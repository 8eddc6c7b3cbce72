internal import Logging

/// When a rank starts the process that computes for it, ends it, replaces it or does without. A state machine without clock
/// or I/O, like ``Assignment``; ``WorkerSupervisor`` carries out what it says.
struct Supervision: Sendable {
    /// A running process. Its number tells what it says from what its predecessors said.
    struct Child: Sendable, Hashable {
        let number: Int
        var lastHeard: Duration
        var isReady = false
        var saidGoodbye = false
        /// What its heartbeats said last.
        var work: Work?
        /// Why it was ended from here.
        var killedFor: String?
        /// When it was last said that it is being ended.
        var killTold: Duration?
        /// Both must have come: what it said before its end counts.
        var exit: ChildExit?
        var hasSaidAll = false
    }

    /// What a process does, and since when it got no further.
    struct Work: Sendable, Hashable {
        let batch: Int
        let fraction: Double
        let since: Duration
    }

    /// How often it is said of a process that the kernel cannot end.
    private static let reminder = Duration.seconds(60)

    let configuration: SupervisorConfiguration
    private(set) var child: Child?
    private(set) var launched = 0
    /// Processes that ended since one finished a batch, and since one was ready.
    private(set) var crashes = 0
    private(set) var crashesAtStart = 0
    private(set) var nextLaunch: Duration?
    /// 0 until the coordinator's welcome.
    private(set) var epoch: UInt64 = 0
    private(set) var lastHeard = Duration.zero
    private(set) var stopReason: StopReason?
    /// Whether everyone was alive when the rank was dismissed.
    private(set) var dismissal: Bool?
    /// Why the coordinator is lost.
    private(set) var lost: String?
    /// No process is started any more.
    private(set) var hasLeft = false

    /// A rank that has no process yet.
    init(_ configuration: SupervisorConfiguration = SupervisorConfiguration()) {
        self.configuration = configuration
    }

    /// Whether the rank's part is over; nothing is done any more.
    var isOver: Bool { child == nil && (lost != nil || dismissal != nil) }

    /// How the rank's part ended, as far as is known.
    var end: WorkerEnd { WorkerEnd(outcome: outcome, everyoneAlive: lost == nil && dismissal == true) }

    private var outcome: WorkerOutcome {
        if let lost { return .coordinatorLost(lost) }
        switch stopReason {
        case .finished: return .finished
        case .refused(let why): return .refused(why)
        case .stopped: return .stopped
        case nil: return .coordinatorLost("the supervisor was cancelled")
        }
    }

    /// Takes one event in and says what to do. Events about processes that are gone, and events after the end, change
    /// nothing.
    /// - Parameter now: time since the start of the loop. Events come from several sources, so a time may be a little
    ///   less than the one before.
    mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        guard !isOver else { return [] }
        var actions: [Action] = []
        switch event {
        case .begun: launch(at: now, into: &actions)
        case .coordinatorSaid(let message): hear(fromAbove: message, at: now, into: &actions)
        case .coordinatorDied: lose("its process ended or the connection to it broke", into: &actions)
        case .connectionBroke(let why): if dismissal == nil { lose(why, into: &actions) }
        case .launchFailed(let number, let why):
            guard child?.number == number else { break }
            child = nil
            crashed(why, wasReady: false, at: now, into: &actions)
        case .processSaid(let number, let message):
            if child?.number == number { hear(fromBelow: message, at: now, into: &actions) }
        case .processSaidAll(let number): if child?.number == number { child?.hasSaidAll = true }
        case .pipeBroke(let number, let why): if child?.number == number { kill(why, into: &actions) }
        case .processEnded(let number, let exit): if child?.number == number { child?.exit = exit }
        case .tick: watch(at: now, into: &actions)
        }
        bury(at: now, into: &actions)
        return actions
    }

    // MARK: - Messages

    private mutating func hear(fromAbove message: WireMessage?, at now: Duration, into actions: inout [Action]) {
        lastHeard = now
        if let message, case .coordinator(let said) = message.body {
            switch said {
            case .welcome: epoch = message.epoch
            case .stop(let reason): stopReason = reason
            case .dismiss(let everyoneAlive): dismissal = everyoneAlive
            case .assign, .cancel, .drain, .alive, .segment, .run: break
            }
        }
        if child != nil {
            actions.append(.passDown)
        } else if stopReason != nil, dismissal == nil {
            retire("it had no process when the end came", into: &actions)
        }
    }

    private mutating func hear(fromBelow message: WireMessage?, at now: Duration, into actions: inout [Action]) {
        child?.lastHeard = now
        if let message, case .worker(let said) = message.body {
            switch said {
            case .ready:
                child?.isReady = true
                crashesAtStart = 0
            case .started(let batch), .sampleBegun(let batch, _):
                child?.work = Work(batch: batch, fraction: 0, since: now)
            case .heartbeat(let batch, let fraction): note(batch, fraction, at: now)
            case .finished:
                crashes = 0
                child?.work = nil
            case .failed, .released: child?.work = nil
            case .goodbye: child?.saidGoodbye = true
            case .hello, .crashed, .segment, .wantsRun: break
            }
        }
        actions.append(.passUp)
    }

    /// Progress is any change of what a heartbeat says.
    private mutating func note(_ batch: Int?, _ fraction: Double, at now: Duration) {
        guard let batch else {
            child?.work = nil
            return
        }
        if let work = child?.work, work.batch == batch, work.fraction == fraction { return }
        child?.work = Work(batch: batch, fraction: fraction, since: now)
    }

    /// Before the welcome there is no epoch to say anything in.
    private func say(_ message: WorkerMessage, into actions: inout [Action]) {
        if epoch != 0 { actions.append(.say(message)) }
    }

    private mutating func lose(_ why: String, into actions: inout [Action]) {
        guard lost == nil else { return }
        lost = why
        if child != nil { actions.append(.kill) }
    }

    // MARK: - Processes

    private mutating func launch(at now: Duration, into actions: inout [Action]) {
        nextLaunch = nil
        launched += 1
        child = Child(number: launched, lastHeard: now)
        actions.append(.launch(launched))
    }

    private mutating func kill(_ why: String, into actions: inout [Action]) {
        guard child?.killedFor == nil else { return }
        child?.killedFor = why
        actions.append(.log(.error, "the process of this rank \(why); it is ended"))
        actions.append(.kill)
    }

    /// After the end of a process and the last of what it said.
    private mutating func bury(at now: Duration, into actions: inout [Action]) {
        guard let child, let exit = child.exit, child.hasSaidAll || child.killedFor != nil else { return }
        self.child = nil
        actions.append(.bury)
        guard dismissal == nil, lost == nil else { return }
        if exit == .code(ChildExit.coordinatorLost) {
            return lose("its process did not hear the coordinator any more", into: &actions)
        }
        guard !child.saidGoodbye else {
            hasLeft = true
            return
        }
        crashed(child.killedFor ?? "\(exit)", wasReady: child.isReady, at: now, into: &actions)
    }

    private mutating func crashed(_ how: String, wasReady: Bool, at now: Duration, into actions: inout [Action]) {
        crashes += 1
        if !wasReady { crashesAtStart += 1 }
        actions.append(.log(.error, "the process of this rank \(how)"))
        guard stopReason == nil else { return retire("it \(how)", into: &actions) }
        say(.crashed(reason: "it \(how)"), into: &actions)
        if crashesAtStart >= configuration.crashesAtStart || crashes >= configuration.crashes {
            let times = "\(max(crashesAtStart, crashes))"
            actions.append(
                .log(.error, "\(times) processes of this rank ended one after the other; it takes no further part"))
            retire("\(times) of its processes ended one after the other, the last: it \(how)", into: &actions)
        } else {
            nextLaunch = now + .seconds(crashesAtStart)
        }
    }

    /// Starts no process any more, and says so once.
    private mutating func retire(_ why: String, into actions: inout [Action]) {
        guard !hasLeft else { return }
        hasLeft = true
        say(.goodbye(reason: why), into: &actions)
    }

    private mutating func watch(at now: Duration, into actions: inout [Action]) {
        if let child {
            if let why = child.killedFor {
                let told = child.killTold ?? now
                self.child?.killTold = told
                guard now - told >= Self.reminder else { return }
                self.child?.killTold = now
                actions.append(
                    .log(.error, "the process of this rank \(why) and does not end; the kernel cannot end it yet"))
            } else if now - child.lastHeard > configuration.silenceLimit {
                kill("was silent for \(configuration.silenceLimit)", into: &actions)
            } else if let work = child.work, now - work.since > configuration.stallLimit {
                kill("made no progress with batch \(work.batch) for \(configuration.stallLimit)", into: &actions)
            }
            return
        }
        let silence = now - lastHeard
        if silence > configuration.coordinatorSilenceLimit { lose("it was silent for \(silence)", into: &actions) }
        if hasLeft {
            // Somebody must go on asking, to know that the coordinator is there.
            say(.heartbeat(batch: nil, fraction: 0), into: &actions)
        } else if lost == nil, let nextLaunch, now >= nextLaunch {
            launch(at: now, into: &actions)
        }
    }
}
