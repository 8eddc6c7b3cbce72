/// When `mpirun` is started, drained, ended and started again, until a run is over. A state machine without clock or I/O, like the
/// coordinator's `Assignment`; ``LaunchLoop`` carries out what it says.
///
/// It goes by the run's own files. What mpirun ends with is not believed: it is 0 after some losses, and it may never end.
package struct Launching: Sendable {
    enum Phase: Sendable, Hashable {
        /// Hosts are asked whether ranks can start there.
        case asking
        /// mpirun runs.
        case running
        /// mpirun has ended, with this code; what its ranks left is ended.
        case cleaning(Int32)
        case pausing(until: Duration)
        case over
    }

    /// One mpirun, from its start until nothing of it is left.
    struct Start: Sendable {
        let ranks: Int
        /// Those that take part.
        let hosts: [HostSlots]
        let since: Duration
        /// What an earlier start left in the run's files.
        let before: RunView
        var beat: RunBeat?
        /// When the coordinator was heard last; at first, when mpirun was started.
        var heard: Duration
        /// Whether this start's coordinator was heard.
        var hasBegun = false
        /// When it was seen that the run has ended.
        var ended: Duration?
        /// When mpirun was told to end, and how often it was said since that it does not.
        var terminated: Duration?
        var isKilled = false
        var reminders = 0
        /// When it was drained for the sake of ranks that are missing.
        var renewing: Duration?
        /// The most workers that it had.
        var most = 0
        var missing: Duration?
        /// What is asked before it is drained for them.
        var question: Question?
    }

    enum Question: Sendable, Hashable { case timeLeft, hosts }

    package let policy: LaunchPolicy
    var phase = Phase.asking
    var view = RunView()
    var start: Start?
    /// When the run's files were seen last.
    private var lastLook = Duration.zero
    /// How often it was started.
    package private(set) var starts = 0
    private var fruitless = 0
    private var settled: Int?
    /// When an early end was asked for, and how often.
    var draining: Duration?
    private var requests = 0
    private var waitingSince = Duration.zero
    private var reminded = Duration.zero
    /// For the sake of missing ranks: how long is waited for them, and how many there were when that was in vain.
    var patience: Duration
    var had: Int?

    package init(_ policy: LaunchPolicy) {
        self.policy = policy
        patience = policy.renew
    }

    /// Takes one event in and says what to do. Events that do not belong to what is going on change nothing.
    /// - Parameter now: time since the launch began that it was awake; never less than at the event before.
    package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        var actions: [Action] = []
        switch (event, phase) {
        case (_, .over): break
        case (.begun(let figures), _):
            settled = figures.settled
            ask(at: now, into: &actions)
        case (.looked(let view), _):
            // A coordinator that could not write either has all its time again.
            if isBlind(at: now) { start?.heard = now }
            lastLook = now
            look(view, at: now)
            watch(at: now, into: &actions)
        case (.answered(let answers), .asking): answered(answers, at: now, into: &actions)
        case (.answered(let answers), .running): answeredAnew(answers, at: now, into: &actions)
        case (.counted(let figures), .running): counted(figures, into: &actions)
        case (.mpirunEnded(let code), .running):
            phase = .cleaning(code)
            wait(from: now)
            actions.append(.clean(start?.hosts ?? []))
        case (.cleaned(let verdict, let view, let figures), .cleaning(let code)):
            look(view, at: now)
            conclude(verdict ?? code, verdict: verdict, figures, at: now, into: &actions)
        case (.stopRequested(let request), _): stop(request, at: now, into: &actions)
        case (.tick, .pausing(let until)):
            if now >= until { ask(at: now, into: &actions) }
        case (.tick, _): watch(at: now, into: &actions)
        case (.answered, _), (.counted, _), (.mpirunEnded, _), (.cleaned, _): break
        }
        return actions
    }

    /// Ranks on these hosts: as many as they have slots, or as are asked for.
    func ranks(on hosts: [HostSlots]) -> Int {
        guard !policy.hosts.isEmpty else { return policy.ranks ?? LaunchPolicy.ranksOnOneMachine }
        return min(hosts.reduce(0) { $0 + $1.slots }, policy.ranks ?? .max)
    }

    // MARK: - Hosts

    private mutating func ask(at now: Duration, into actions: inout [Action]) {
        phase = .asking
        wait(from: now)
        start = nil
        starts += 1
        actions.append(.ask(prepare: true))
    }

    private mutating func answered(_ answers: [HostAnswer], at now: Duration, into actions: inout [Action]) {
        guard !policy.hosts.isEmpty else {
            switch answers.first {
            case .unfit(let why), .silent(let why):
                return unable("this machine cannot run it: \(why)", at: now, into: &actions)
            case .ready, nil: return begin(on: [], at: now, into: &actions)
            }
        }
        var live: [HostSlots] = []
        var areUnfit = true
        for (host, answer) in zip(policy.hosts, answers) {
            switch answer {
            case .ready: live.append(host)
            case .silent(let why):
                areUnfit = false
                let reason = why.isEmpty ? "" : " (\(why))"
                actions.append(.say("\(host.name) does not answer\(reason) and is left out"))
            case .unfit(let why): actions.append(.say("\(host.name) is left out: \(why)"))
            }
        }
        if !live.isEmpty {
            begin(on: live, at: now, into: &actions)
        } else if areUnfit {
            unable("no host can run it", at: now, into: &actions)
        } else {
            actions.append(.say("no host answers"))
            pauseOrGiveUp(after: nil, at: now, into: &actions)
        }
    }

    /// What is wrong before anything was started is for the user to mend; what has become so may pass.
    private mutating func unable(_ why: String, at now: Duration, into actions: inout [Action]) {
        guard starts > 1 else { return giveUp(why, 2, into: &actions) }
        actions.append(.say(why))
        pauseOrGiveUp(after: nil, at: now, into: &actions)
    }

    private mutating func begin(on hosts: [HostSlots], at now: Duration, into actions: inout [Action]) {
        let count = ranks(on: hosts)
        start = Start(ranks: count, hosts: hosts, since: now, before: view, beat: view.beat, heard: now)
        lastLook = now
        guard draining == nil else {
            // The hosts are ready already.
            phase = .cleaning(75)
            wait(from: now)
            actions.append(.clean(hosts))
            return
        }
        phase = .running
        let place = hosts.isEmpty ? "" : " on \(hosts.map(\.description).joined(separator: ","))"
        actions.append(.say("start \(starts): \(count) ranks\(place), \(policy.mpi)"))
        actions.append(.start(ranks: count, hosts: hosts))
    }

    // MARK: - While mpirun runs

    private mutating func look(_ view: RunView, at now: Duration) {
        self.view = view
        guard var start, phase == .running else { return }
        if let ending = view.ending, ending != start.before.ending { start.ended = start.ended ?? now }
        if let beat = view.beat, beat != start.beat {
            start.beat = beat
            start.heard = now
            start.hasBegun = true
            start.most = max(start.most, beat.workers)
        }
        self.start = start
    }

    private mutating func watch(at now: Duration, into actions: inout [Action]) {
        switch phase {
        case .asking, .cleaning:
            return remind(
                of: "hosts and the run's files: a file system may hang", since: waitingSince, at: now, into: &actions)
        case .running, .pausing, .over: break
        }
        guard phase == .running, let start else { return }
        if let terminated = start.terminated { return force(since: terminated, at: now, into: &actions) }
        if let since = draining ?? start.renewing, now - since > policy.grace {
            end("the grace of \(Self.text(policy.grace)) is over", at: now, into: &actions)
        } else if let ended = start.ended {
            guard now - ended > LaunchPolicy.lingering else { return }
            end("the run has ended and mpirun has not; it is ended", at: now, into: &actions)
        } else if isBlind(at: now) {
            remind(
                of: "the run's files, which cannot be read: a file system hangs", since: lastLook, at: now,
                into: &actions)
        } else if start.hasBegun {
            if now - start.heard > policy.stale {
                end(
                    "the coordinator was not heard for \(Self.text(policy.stale)); mpirun is ended", at: now,
                    into: &actions)
            } else {
                renewIfDue(at: now, into: &actions)
            }
        } else if now - start.heard > policy.start {
            end(
                "no coordinator was heard for \(Self.text(policy.start)) after the start; mpirun is ended", at: now,
                into: &actions)
        } else {
            remind(ofStartSince: start.since, at: now, into: &actions)
        }
    }

    private mutating func end(_ why: String, at now: Duration, into actions: inout [Action]) {
        start?.terminated = now
        start?.reminders = 0
        actions.append(.say(why))
        // It first gets the chance to end its own.
        actions.append(.terminate)
    }

    private mutating func force(since terminated: Duration, at now: Duration, into actions: inout [Action]) {
        guard now - terminated > LaunchPolicy.patience, let start else { return }
        if !start.isKilled {
            self.start?.isKilled = true
            actions.append(.kill)
        } else if now - terminated > LaunchPolicy.reminder * (start.reminders + 1) {
            self.start?.reminders += 1
            actions.append(
                .say("still waiting for mpirun, which was killed and does not end: a file system or a driver hangs"))
            actions.append(.kill)
        }
    }

    private mutating func remind(ofStartSince since: Duration, at now: Duration, into actions: inout [Action]) {
        guard let start, now - since > LaunchPolicy.reminder * (start.reminders + 1) else { return }
        self.start?.reminders += 1
        actions.append(
            .say(
                "waiting for the coordinator's first beat, while the job is planned or the run is read: \(Self.text(now - since)) of at most \(Self.text(policy.start))"
            ))
    }

    /// A look takes long where a file system hangs.
    private func isBlind(at now: Duration) -> Bool { now - lastLook > LaunchPolicy.slowLook }

    private mutating func wait(from now: Duration) {
        waitingSince = now
        reminded = now
    }

    private mutating func remind(
        of what: String, since: Duration, at now: Duration, into actions: inout [Action]
    ) {
        guard now - max(since, reminded) > LaunchPolicy.reminder else { return }
        reminded = now
        actions.append(.say("still waiting for \(what): \(Self.text(now - since))"))
    }

    // MARK: - An early end

    private mutating func stop(_ request: StopRequest, at now: Duration, into actions: inout [Action]) {
        guard request == .signal || draining == nil else { return }
        requests += 1
        if draining == nil {
            draining = now
            actions.append(
                .say("stopping: no further batch is begun; after \(Self.text(policy.grace)) what still runs is killed"))
        }
        switch phase {
        case .pausing: leave(75, into: &actions)
        case .running:
            // A second signal gives up what runs, and a drain for the sake of missing ranks was the first.
            guard let start, start.terminated == nil, start.renewing == nil || requests > 1 else { return }
            actions.append(.drain)
        case .asking where starts == 0: leave(75, into: &actions)
        case .asking, .cleaning, .over: break
        }
    }

    // MARK: - After mpirun

    private mutating func conclude(
        _ code: Int32, verdict: Int32?, _ figures: RunFigures, at now: Duration, into actions: inout [Action]
    ) {
        let start = self.start
        let ending = view.ending.flatMap { $0 == start?.before.ending ? nil : $0 }
        // The coordinator did not take the job, and has said why; what else is in the files is of another start.
        if verdict == 2 || (ending == nil && code == 2 && start?.hasBegun != true) { return leave(2, into: &actions) }
        if let ending, [0, 2, 3].contains(ending.code) { return leave(ending.code, into: &actions) }
        if draining != nil { return leave(75, into: &actions) }
        settle(figures)
        pauseOrGiveUp(after: code, at: now, into: &actions)
    }

    private mutating func settle(_ figures: RunFigures) {
        fruitless = (figures.settled ?? 0) > (settled ?? 0) ? -1 : fruitless
        settled = figures.settled ?? settled
    }

    /// - Parameter code: mpirun's; nil where it was not started.
    private mutating func pauseOrGiveUp(after code: Int32?, at now: Duration, into actions: inout [Action]) {
        guard draining == nil else { return leave(75, into: &actions) }
        fruitless += 1
        if let code {
            actions.append(
                .say(
                    "start \(starts) ended without the run's end (mpirun: \(code)); \(settled ?? 0) samples are settled"
                ))
        }
        guard fruitless < policy.giveUp else {
            return giveUp(
                "\(fruitless) starts in a row settled no sample; giving up. The logs of the ranks are in \(policy.logs)",
                1, into: &actions)
        }
        let pause = Duration.seconds(fruitless * 5 + 1)
        actions.append(.say("the next start is in \(Self.text(pause))"))
        phase = .pausing(until: now + pause)
    }

    private mutating func giveUp(_ why: String, _ code: Int32, into actions: inout [Action]) {
        actions.append(.say(why))
        leave(code, into: &actions)
    }

    private mutating func leave(_ code: Int32, into actions: inout [Action]) {
        phase = .over
        actions.append(.exit(code))
    }

    static func text(_ time: Duration) -> String { "\(time.components.seconds) s" }
}
