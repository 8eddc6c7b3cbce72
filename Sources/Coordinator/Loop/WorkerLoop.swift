package import Logging

/// A worker's side of a run: says hello, takes batches, computes them one after the other, with the inputs of the next read and
/// the results of the last published beside, and says that it is alive. ``WorkerAgenda`` decides, this carries it out.
package actor WorkerLoop {
    private typealias Input = (event: WorkerAgenda.Event, at: Duration)

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

    private var agenda: WorkerAgenda
    private var preparation: Task<Void, Never>?
    private var prefetches: [Int: Task<Void, Never>] = [:]
    private var running: [Int: Task<Void, Never>] = [:]
    private var discards: [Task<Void, Never>] = []

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
        agenda = WorkerAgenda(configuration)
    }

    /// Takes no further batch, returns what is not begun, finishes what runs, and waits for the coordinator's stop.
    package nonisolated func requestDrain() { input.yield((.drainRequested, clock.now)) }

    /// Runs until the coordinator stops and dismisses the worker, or is lost. Call it once. No message is sent after it
    /// returns.
    package func run() async -> WorkerEnd {
        let listener = listen()
        let heart = self.heart()
        await say(.hello(identity))
        for await (event, now) in inputs {
            if case .ended(let batch, _) = event { running[batch] = nil }
            for action in agenda.handle(event, at: now) { await carryOut(action) }
            if agenda.isOver { break }
        }
        listener.cancel()
        heart.cancel()
        preparation?.cancel()
        // Where the task was cancelled, batches may still be in hand.
        for task in running.values { task.cancel() }
        for batch in prefetches.keys { discard(batch) }
        await heart.value
        return WorkerEnd(
            outcome: agenda.outcome ?? .coordinatorLost("the worker was cancelled"), everyoneAlive: agenda.everyoneAlive
        )
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
                        input.yield((.said(said, epoch: message.epoch), clock.now))
                    } catch {
                        log.warning("a message of the coordinator is dropped: \(error)")
                    }
                case .message: continue
                case .peerFailed(coordinator):
                    input.yield((.coordinatorLost("its process ended or the connection to it broke"), clock.now))
                case .peerFailed: continue
                case .broken(let why): input.yield((.coordinatorLost(why), clock.now))
                }
            }
            input.yield((.coordinatorLost("the transport was closed"), clock.now))
        }
    }

    /// Beats beside the loop and the computation, so that neither can hold it up.
    private func heart() -> Task<Void, Never> {
        Task { [transport, clock, input, beat, identity, configuration] in
            while (try? await clock.sleep(configuration.heartbeat)) != nil {
                try? await transport.send(beat.message(identity).encoded(), to: configuration.coordinator)
                input.yield((.tick, clock.now))
            }
        }
    }

    // MARK: - What is done

    private func carryOut(_ action: WorkerAgenda.Action) async {
        switch action {
        case .say(let message): await say(message)
        case .adopt(let epoch): beat.welcome(epoch)
        case .inHand(let batch): beat.begin(batch)
        case .prepare: prepare()
        case .prefetch(let batch): prefetches[batch] = Task { [runner] in await runner.prefetch(batch) }
        case .run(let order): run(order)
        case .cancel(let batch): running[batch]?.cancel()
        case .discard(let batch): discard(batch)
        case .awaitDiscards: for discard in discards { await discard.value }
        case .answer(let answer, let batch): await uplink.take(answer, batch: batch)
        case .log(let level, let text): log.log(level: level, "\(text)")
        }
    }

    /// What cannot be sent is lost with the coordinator, of which an event tells.
    private func say(_ message: WorkerMessage) async {
        try? await transport.send(
            WireMessage(epoch: agenda.epoch, .worker(message)).encoded(), to: configuration.coordinator)
    }

    private func prepare() {
        preparation = Task { [runner, clock, input] in
            do {
                try await runner.prepare()
                input.yield((.prepared, clock.now))
            } catch {
                input.yield((.unprepared("\(error)"), clock.now))
            }
        }
    }

    private func discard(_ batch: Int) {
        guard let prefetch = prefetches.removeValue(forKey: batch) else { return }
        prefetch.cancel()
        discards.append(
            Task { [runner] in
                await prefetch.value
                await runner.discard(batch)
            })
    }

    private func run(_ order: BatchOrder) {
        let batch = order.batch
        let prefetch = prefetches.removeValue(forKey: batch)
        let publisher = publisher ?? uplink
        running[batch] = Task { [runner, clock, input, beat] in
            let end: WorkerAgenda.BatchEnd
            do {
                await prefetch?.value
                if Task.isCancelled {
                    await runner.discard(batch)
                    throw CancellationError()
                }
                let watch = BatchWatch(
                    publisher: publisher, progress: { beat.progress($0, of: batch) },
                    begin: { [weak self] in await self?.say(.sampleBegun(batch: batch, sample: $0)) },
                    computed: { input.yield((.computed(batch: batch), clock.now)) })
                end = .done(try await runner.run(order, watch))
            } catch {
                end = WorkerAgenda.BatchEnd(error)
            }
            input.yield((.ended(batch: batch, end), clock.now))
        }
    }
}
