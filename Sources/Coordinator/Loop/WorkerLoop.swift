package import Logging

/// A worker's side of a run: says hello, takes batches, computes them one after the other, with the inputs of the next read and
/// the results of the last published beside, and says that it is alive.
package actor WorkerLoop {
    private enum Input: Sendable {
        case said(epoch: UInt64, CoordinatorMessage, at: Duration)
        case lost(String)
        case prepared(String?)
        case computed(batch: Int)
        case ended(batch: Int, Result<BatchReport, any Error>)
        case tick(at: Duration)
        case drain
    }

    /// A batch that was begun, until it is published or given up.
    private struct Running {
        let order: BatchOrder
        let task: Task<Void, Never>
        var isCancelled = false
    }

    private let transport: any Transport
    private let runner: any BatchRunner
    private let identity: WorkerIdentity
    private let configuration: WorkerConfiguration
    private let clock: LoopClock
    private let log: Logger
    private let beat = WorkerBeat()
    private let publisher: (any SegmentPublisher)?
    /// Used where there is no ``publisher``.
    private lazy var uplink = SegmentUplink(clock: clock) { [weak self] in await self?.say($0) }
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    /// 0 until the coordinator's welcome.
    private var epoch: UInt64 = 0
    private var lastHeard = Duration.zero
    private var preparation: Task<Void, Never>?
    private var prepared = false
    private var failure: String?
    /// Batches in the order of assignment, those that were begun first.
    private var held: [Int] = []
    private var orders: [Int: BatchOrder] = [:]
    private var prefetches: [Int: Task<Void, Never>] = [:]
    private var running: [Int: Running] = [:]
    /// The one of them that has the device.
    private var computing: Int?
    private var discards: [Task<Void, Never>] = []
    private var draining = false
    /// Set when nothing more is to be done.
    private var outcome: WorkerOutcome?
    private var hasDeparted = false
    private var isDismissed = false
    private var everyoneAlive = false

    /// A loop over a transport whose events it takes over.
    /// - Parameter publisher: takes what is done; nil: it is sent to the coordinator.
    package init(
        transport: any Transport, runner: any BatchRunner, publisher: (any SegmentPublisher)?, identity: WorkerIdentity,
        configuration: WorkerConfiguration = WorkerConfiguration(), clock: any Clock<Duration> = ContinuousClock(),
        log: Logger
    ) {
        self.transport = transport
        self.runner = runner
        self.publisher = publisher
        self.identity = identity
        self.configuration = configuration
        self.clock = LoopClock(clock)
        self.log = log
        (inputs, input) = AsyncStream.makeStream()
    }

    /// Takes no further batch, returns what is not begun, finishes what runs, and waits for the coordinator's stop.
    package nonisolated func requestDrain() { input.yield(.drain) }

    /// Runs until the coordinator stops and dismisses the worker, or is lost. Call it once. No message is sent after it
    /// returns.
    package func run() async -> WorkerEnd {
        let listener = listen()
        let heart = self.heart()
        await say(.hello(identity))
        for await next in inputs {
            await take(next)
            if outcome != nil, running.isEmpty { await depart() }
            if isDismissed, hasDeparted { break }
        }
        listener.cancel()
        heart.cancel()
        preparation?.cancel()
        // Where the task was cancelled, batches may still be in hand.
        cancelRunning()
        dropAhead()
        await heart.value
        return WorkerEnd(
            outcome: outcome ?? .coordinatorLost("the worker was cancelled"), everyoneAlive: everyoneAlive)
    }

    /// Says goodbye once nothing is held any more. The process stays until the dismissal: one that leaves alone may
    /// take the whole MPI job with it.
    private func depart() async {
        guard !hasDeparted else { return }
        hasDeparted = true
        for discard in discards { await discard.value }
        if case .coordinatorLost = outcome { return }
        if let outcome, failure == nil { await say(.goodbye(reason: outcome.description)) }
    }

    // MARK: - What arrives

    private func listen() -> Task<Void, Never> {
        Task { [transport, clock, input, log, coordinator = configuration.coordinator] in
            for await event in transport.events {
                switch event {
                case .message(coordinator, let bytes):
                    do {
                        let message = try WireMessage(decoding: bytes)
                        guard case .coordinator(let said) = message.body else { continue }
                        input.yield(.said(epoch: message.epoch, said, at: clock.now))
                    } catch {
                        log.warning("a message of the coordinator is dropped: \(error)")
                    }
                case .message: continue
                case .peerFailed(coordinator): input.yield(.lost("its process ended or the connection to it broke"))
                case .peerFailed: continue
                case .broken(let why): input.yield(.lost(why))
                }
            }
            input.yield(.lost("the transport was closed"))
        }
    }

    /// Beats beside the loop and the computation, so that neither can hold it up.
    private func heart() -> Task<Void, Never> {
        Task { [transport, clock, input, beat, identity, configuration] in
            while (try? await clock.sleep(configuration.heartbeat)) != nil {
                try? await transport.send(beat.message(identity).encoded(), to: configuration.coordinator)
                input.yield(.tick(at: clock.now))
            }
        }
    }

    private func take(_ next: Input) async {
        switch next {
        case .said(let epoch, let said, let now): await take(said, epoch: epoch, at: now)
        case .lost(let why): lose(why)
        case .prepared(let failure): await ready(failure)
        case .computed(let batch): await computed(batch)
        case .ended(let batch, let result): await ended(batch, result)
        case .drain: await drain()
        case .tick(let now):
            let silence = now - lastHeard
            let limit =
                switch outcome {
                case .finished, .stopped, .unprepared: configuration.dismissalLimit
                // A refused worker waits while the others work.
                case nil, .refused, .coordinatorLost: configuration.coordinatorSilenceLimit
                }
            if silence > limit {
                lose("it was silent for \(silence)")
            }
        }
    }

    private func take(_ said: CoordinatorMessage, epoch: UInt64, at now: Duration) async {
        lastHeard = max(lastHeard, now)
        switch said {
        case .welcome:
            guard self.epoch == 0, outcome == nil else { return }
            adopt(epoch)
            prepare()
        // Before the welcome the run may be over already, or this worker refused.
        case .stop(let reason) where epoch == self.epoch || self.epoch == 0:
            adopt(epoch)
            stop(reason)
        case _ where epoch != self.epoch: log.info("a message of the coordinator from epoch \(epoch) is dropped")
        case .assign(let order): await accept(order)
        case .cancel(let batch): await cancel(batch)
        case .drain: await drain()
        case .dismiss(let everyoneAlive):
            isDismissed = true
            self.everyoneAlive = everyoneAlive
        case .segment(let batch, let answer): await uplink.take(answer, batch: batch)
        case .alive, .stop, .run: break
        }
    }

    private func adopt(_ epoch: UInt64) {
        self.epoch = epoch
        beat.welcome(epoch)
    }

    // MARK: - Coming and going

    private func prepare() {
        preparation = Task { [runner, input] in
            do {
                try await runner.prepare()
                input.yield(.prepared(nil))
            } catch {
                input.yield(.prepared("\(error)"))
            }
        }
    }

    private func ready(_ failure: String?) async {
        guard outcome == nil else { return }
        if let failure {
            retire(failure)
            await sayWhyRetired()
        } else {
            prepared = true
            await say(.ready(credit: draining ? 0 : configuration.credit))
        }
    }

    /// Takes no further part, and waits for the end with the others.
    private func retire(_ why: String) {
        guard failure == nil else { return }
        failure = why
        prepared = false
        log.error("this worker takes no further part: \(why)")
        dropAhead()
        cancelRunning()
    }

    /// After the goodbye nothing is published any more, so what runs has to end before.
    private func sayWhyRetired() async {
        guard let failure, running.isEmpty else { return }
        await say(.goodbye(reason: failure))
    }

    private func drain() async {
        guard !draining, outcome == nil else { return }
        draining = true
        if prepared { await say(.ready(credit: 0)) }
        for batch in held where running[batch] == nil { await release(batch) }
    }

    private func stop(_ reason: StopReason) {
        switch reason {
        case .refused(let why): finish(.refused(why))
        case .finished, .stopped:
            finish(failure.map(WorkerOutcome.unprepared) ?? (reason == .finished ? .finished : .stopped))
        }
    }

    /// Without a coordinator nobody will say how the others are. An outcome that is known stays.
    private func lose(_ why: String) {
        finish(.coordinatorLost(why))
        isDismissed = true
    }

    private func finish(_ outcome: WorkerOutcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        cancelRunning()
        dropAhead()
    }

    // MARK: - Batches

    private func cancelRunning() {
        for batch in running.keys { cancelRunning(batch) }
    }

    private func cancelRunning(_ batch: Int) {
        running[batch]?.isCancelled = true
        running[batch]?.task.cancel()
    }

    private func dropAhead() {
        for batch in held where running[batch] == nil { drop(batch) }
    }

    private func accept(_ order: BatchOrder) async {
        let batch = order.batch
        guard outcome == nil, !held.contains(batch) else { return }
        guard !draining, prepared else { return await say(.released(batch: batch)) }
        held.append(batch)
        orders[batch] = order
        prefetches[batch] = Task { [runner] in await runner.prefetch(batch) }
        await startNext()
    }

    private func cancel(_ batch: Int) async {
        if running[batch] != nil { cancelRunning(batch) } else { await release(batch) }
    }

    private func release(_ batch: Int) async {
        drop(batch)
        await say(.released(batch: batch))
    }

    /// Forgets a batch that was not begun.
    private func drop(_ batch: Int) {
        guard let index = held.firstIndex(of: batch) else { return }
        held.remove(at: index)
        orders[batch] = nil
        guard let prefetch = prefetches.removeValue(forKey: batch) else { return }
        prefetch.cancel()
        discards.append(
            Task { [runner] in
                await prefetch.value
                await runner.discard(batch)
            })
    }

    private func startNext() async {
        guard computing == nil, outcome == nil, let batch = held.first(where: { running[$0] == nil }) else { return }
        let order = orders[batch] ?? BatchOrder(batch: batch)
        // One that took a process with it waits until nobody else would go with it.
        guard order.isolation == .none || running.isEmpty else { return }
        orders[batch] = nil
        let prefetch = prefetches.removeValue(forKey: batch)
        computing = batch
        beat.begin(batch)
        // Said before it is so: a batch that ends the process at once must not go unnoticed.
        await say(.started(batch: batch))
        let publisher = publisher ?? uplink
        let task = Task { [runner, input, beat] in
            do {
                await prefetch?.value
                if Task.isCancelled {
                    await runner.discard(batch)
                    throw CancellationError()
                }
                let watch = BatchWatch(
                    publisher: publisher, progress: { beat.progress($0, of: batch) },
                    begin: { [weak self] in await self?.say(.sampleBegun(batch: batch, sample: $0)) },
                    computed: { input.yield(.computed(batch: batch)) })
                let report = try await runner.run(order, watch)
                input.yield(.ended(batch: batch, .success(report)))
            } catch {
                input.yield(.ended(batch: batch, .failure(error)))
            }
        }
        running[batch] = Running(order: order, task: task)
    }

    private func computed(_ batch: Int) async {
        guard computing == batch, running[batch]?.order.isolation == BatchOrder.Isolation.none else { return }
        computing = nil
        await startNext()
    }

    private func ended(_ batch: Int, _ result: Result<BatchReport, any Error>) async {
        let cancelled = running.removeValue(forKey: batch)?.isCancelled == true
        held.removeAll { $0 == batch }
        if computing == batch { computing = nil }
        if computing == nil { beat.begin(held.first { running[$0] != nil }) }
        switch result {
        case .failure(let unfit as WorkerUnfit) where !cancelled: retire(unfit.description)
        case .success(let report) where report.batch == batch: await say(.finished(report))
        case .success(let report):
            let message = "batch \(batch) was run and batch \(report.batch) reported"
            await say(.failed(batch: batch, BatchFailure(kind: "wrongReport", message: message, retryable: false)))
        case .failure(let failure as BatchFailure) where !cancelled: await say(.failed(batch: batch, failure))
        case .failure(let error) where !cancelled:
            let failure = BatchFailure(kind: "\(type(of: error))", message: "\(error)", retryable: true)
            await say(.failed(batch: batch, failure))
        case .failure: await say(.released(batch: batch))
        }
        await sayWhyRetired()
        await startNext()
    }

    /// What cannot be sent is lost with the coordinator, of which an event tells.
    private func say(_ message: WorkerMessage) async {
        try? await transport.send(
            WireMessage(epoch: epoch, .worker(message)).encoded(), to: configuration.coordinator)
    }
}
