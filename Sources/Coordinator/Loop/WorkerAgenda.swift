internal import Logging

/// What a worker does next: which batch it begins, gives up or returns, what it says, and when it leaves. A state machine
/// without clock or I/O, like ``Assignment``; ``WorkerLoop`` carries out what it says.
struct WorkerAgenda: Sendable {
    /// A batch that was begun, until it is published or given up.
    struct Running: Sendable, Hashable {
        let order: BatchOrder
        var isCancelled = false
    }

    let configuration: WorkerConfiguration
    /// 0 until the coordinator's welcome.
    private(set) var epoch: UInt64 = 0
    private(set) var lastHeard = Duration.zero
    /// Whether batches are taken, as far as the runner is concerned.
    private(set) var isPrepared = false
    /// Why the worker takes no further part.
    private(set) var failure: WorkerUnfit?
    private(set) var isDraining = false
    /// Batches that were begun, in the order in which they were.
    private(set) var running: [Running] = []
    /// The one of them that has the device.
    private(set) var computing: Int?
    /// Batches that wait for the device, in the order of assignment.
    private(set) var ahead: [BatchOrder] = []
    /// Set when nothing more is to be done.
    private(set) var outcome: WorkerOutcome?
    private(set) var hasDeparted = false
    private(set) var isDismissed = false
    private(set) var everyoneAlive = false

    /// The agenda of a worker that has just said hello.
    init(_ configuration: WorkerConfiguration = WorkerConfiguration()) {
        self.configuration = configuration
    }

    /// Whether the worker has left; nothing is done any more.
    var isOver: Bool { isDismissed && hasDeparted }

    /// Takes one event in and says what to do. Events about batches that do not run, and events after the end, change
    /// nothing.
    /// - Parameter now: time since the start of the loop. Events come from several sources, so a time may be a little
    ///   less than the one before.
    mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        guard !isOver else { return [] }
        var actions: [Action] = []
        switch event {
        case .said(let message, let epoch):
            lastHeard = max(lastHeard, now)
            take(message, epoch: epoch, into: &actions)
        case .coordinatorLost(let why): lose(why, into: &actions)
        case .prepared: becomeReady(into: &actions)
        case .unprepared(let why):
            guard outcome == nil else { break }
            retire(WorkerUnfit(why), into: &actions)
            sayWhyRetired(into: &actions)
        case .computed(let batch): computed(batch, into: &actions)
        case .ended(let batch, let end): ended(batch, end, into: &actions)
        case .drainRequested: drain(into: &actions)
        case .tick: watch(at: now, into: &actions)
        }
        depart(into: &actions)
        return actions
    }

    private mutating func take(_ message: CoordinatorMessage, epoch: UInt64, into actions: inout [Action]) {
        switch message {
        case .welcome:
            guard self.epoch == 0, outcome == nil else { return }
            adopt(epoch, into: &actions)
            actions.append(.prepare)
        // Before the welcome the run may be over already, or this worker refused.
        case .stop(let reason) where epoch == self.epoch || self.epoch == 0:
            adopt(epoch, into: &actions)
            stop(reason, into: &actions)
        case _ where epoch != self.epoch:
            actions.append(.log(.info, "a message of the coordinator from epoch \(epoch) is dropped"))
        case .assign(let order): accept(order, into: &actions)
        case .cancel(let batch): letGo(of: batch, into: &actions)
        case .drain: drain(into: &actions)
        case .dismiss(let everyoneAlive):
            isDismissed = true
            self.everyoneAlive = everyoneAlive
        case .segment(let batch, let answer): actions.append(.answer(answer, batch: batch))
        case .alive, .stop, .run: break
        }
    }

    private mutating func adopt(_ epoch: UInt64, into actions: inout [Action]) {
        guard epoch != self.epoch else { return }
        self.epoch = epoch
        actions.append(.adopt(epoch: epoch))
    }

    private mutating func watch(at now: Duration, into actions: inout [Action]) {
        let limit =
            switch outcome {
            case .finished, .stopped, .unprepared: configuration.dismissalLimit
            // A refused worker waits while the others work.
            case nil, .refused, .coordinatorLost: configuration.coordinatorSilenceLimit
            }
        let silence = now - lastHeard
        if silence > limit { lose("it was silent for \(silence)", into: &actions) }
    }

    // MARK: - Coming and going

    private mutating func becomeReady(into actions: inout [Action]) {
        guard outcome == nil else { return }
        isPrepared = true
        actions.append(.say(.ready(credit: isDraining ? 0 : configuration.credit)))
    }

    /// Takes no further part, and waits for the end with the others.
    private mutating func retire(_ why: WorkerUnfit, into actions: inout [Action]) {
        guard failure == nil else { return }
        failure = why
        isPrepared = false
        actions.append(.log(.error, "this worker takes no further part: \(why)"))
        giveUp(into: &actions)
    }

    /// After the goodbye nothing is published any more, so what runs has to end before.
    private func sayWhyRetired(into actions: inout [Action]) {
        guard let failure, running.isEmpty else { return }
        actions.append(.say(.goodbye(reason: failure.description, mayPass: failure.mayPass)))
    }

    private mutating func drain(into actions: inout [Action]) {
        guard !isDraining, outcome == nil else { return }
        isDraining = true
        if isPrepared { actions.append(.say(.ready(credit: 0))) }
        for order in ahead { letGo(of: order.batch, into: &actions) }
    }

    private mutating func stop(_ reason: StopReason, into actions: inout [Action]) {
        switch reason {
        case .refused(let why): finish(.refused(why), into: &actions)
        case .finished, .stopped:
            let end: WorkerOutcome = reason == .finished ? .finished : .stopped
            finish(failure.map { .unprepared($0.description) } ?? end, into: &actions)
        }
    }

    /// Without a coordinator nobody will say how the others are. An outcome that is known stays.
    private mutating func lose(_ why: String, into actions: inout [Action]) {
        finish(.coordinatorLost(why), into: &actions)
        isDismissed = true
    }

    private mutating func finish(_ outcome: WorkerOutcome, into actions: inout [Action]) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        giveUp(into: &actions)
    }

    private mutating func giveUp(into actions: inout [Action]) {
        for order in ahead { drop(order.batch, into: &actions) }
        for batch in running.map(\.order.batch) { cancel(batch, into: &actions) }
    }

    /// Says goodbye once nothing is held any more. The process stays until the dismissal: one that leaves alone may take
    /// the whole MPI job with it.
    private mutating func depart(into actions: inout [Action]) {
        guard let outcome, running.isEmpty, !hasDeparted else { return }
        hasDeparted = true
        actions.append(.awaitDiscards)
        if case .coordinatorLost = outcome { return }
        if failure == nil { actions.append(.say(.goodbye(reason: outcome.description))) }
    }

    // MARK: - Batches

    private mutating func accept(_ order: BatchOrder, into actions: inout [Action]) {
        let batch = order.batch
        guard outcome == nil, index(of: batch) == nil, !ahead.contains(where: { $0.batch == batch }) else { return }
        guard !isDraining, isPrepared else { return actions.append(.say(.released(batch: batch))) }
        ahead.append(order)
        actions.append(.prefetch(batch: batch))
        startNext(into: &actions)
    }

    /// Also of one that it never had: the coordinator waits for the answer.
    private mutating func letGo(of batch: Int, into actions: inout [Action]) {
        guard index(of: batch) == nil else { return cancel(batch, into: &actions) }
        drop(batch, into: &actions)
        actions.append(.say(.released(batch: batch)))
    }

    /// Forgets a batch that was not begun.
    private mutating func drop(_ batch: Int, into actions: inout [Action]) {
        guard let index = ahead.firstIndex(where: { $0.batch == batch }) else { return }
        ahead.remove(at: index)
        actions.append(.discard(batch: batch))
    }

    private mutating func cancel(_ batch: Int, into actions: inout [Action]) {
        guard let index = index(of: batch), !running[index].isCancelled else { return }
        running[index].isCancelled = true
        actions.append(.cancel(batch: batch))
    }

    private mutating func startNext(into actions: inout [Action]) {
        guard computing == nil, let order = ahead.first else { return }
        // One that took a process with it waits until nobody else would go with it.
        guard order.isolation == .none || running.isEmpty else { return }
        ahead.removeFirst()
        running.append(Running(order: order))
        computing = order.batch
        actions.append(.inHand(batch: order.batch))
        // Said before it is so: a batch that ends the process at once must not go unnoticed.
        actions.append(.say(.started(batch: order.batch)))
        actions.append(.run(order))
    }

    private mutating func computed(_ batch: Int, into actions: inout [Action]) {
        guard computing == batch, let index = index(of: batch), running[index].order.isolation == .none else { return }
        computing = nil
        startNext(into: &actions)
    }

    private mutating func ended(_ batch: Int, _ end: BatchEnd, into actions: inout [Action]) {
        guard let index = index(of: batch) else { return }
        let isCancelled = running.remove(at: index).isCancelled
        if computing == batch { computing = nil }
        if computing == nil { actions.append(.inHand(batch: running.first?.order.batch)) }
        switch end {
        case .done(let report) where report.batch == batch: actions.append(.say(.finished(report)))
        case .done(let report):
            let message = "batch \(batch) was run and batch \(report.batch) reported"
            let failure = BatchFailure(kind: "wrongReport", message: message, retryable: false)
            actions.append(.say(.failed(batch: batch, failure)))
        case .failed where isCancelled, .unfit where isCancelled: actions.append(.say(.released(batch: batch)))
        case .failed(let failure): actions.append(.say(.failed(batch: batch, failure)))
        case .unfit(let why): retire(why, into: &actions)
        }
        sayWhyRetired(into: &actions)
        startNext(into: &actions)
    }

    private func index(of batch: Int) -> Int? { running.firstIndex { $0.order.batch == batch } }
}
