package import Logging

/// A worker's side of a run: says hello, takes batches, runs them one after the other with the next one prefetched
/// beside, and says that it is alive.
package actor WorkerLoop {
    private enum Input: Sendable {
        case said(epoch: UInt64, CoordinatorMessage, at: Duration)
        case lost(String)
        case prepared(String?)
        case ended(batch: Int, Result<BatchReport, any Error>)
        case tick(at: Duration)
        case drain
    }

    private let transport: any Transport
    private let runner: any BatchRunner
    private let identity: WorkerIdentity
    private let configuration: WorkerConfiguration
    private let clock: LoopClock
    private let log: Logger
    private let beat = WorkerBeat()
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    /// 0 until the coordinator's welcome.
    private var epoch: UInt64 = 0
    private var lastHeard = Duration.zero
    private var preparation: Task<Void, Never>?
    private var prepared = false
    private var failure: String?
    /// Batches in the order of assignment, the running one first.
    private var held: [Int] = []
    private var prefetches: [Int: Task<Void, Never>] = [:]
    private var running: (batch: Int, task: Task<Void, Never>, cancelled: Bool)?
    private var discards: [Task<Void, Never>] = []
    private var draining = false
    private var end: WorkerEnd?

    /// A loop over a transport whose events it takes over.
    package init(
        transport: any Transport, runner: any BatchRunner, identity: WorkerIdentity,
        configuration: WorkerConfiguration = WorkerConfiguration(), clock: any Clock<Duration> = ContinuousClock(),
        log: Logger
    ) {
        self.transport = transport
        self.runner = runner
        self.identity = identity
        self.configuration = configuration
        self.clock = LoopClock(clock)
        self.log = log
        (inputs, input) = AsyncStream.makeStream()
    }

    /// Takes no further batch, returns what is not begun, finishes what runs, and waits for the coordinator's stop.
    package nonisolated func requestDrain() { input.yield(.drain) }

    /// Runs until the coordinator says stop or is lost. Call it once. No message is sent after it returns.
    package func run() async -> WorkerEnd {
        let listener = listen()
        let heart = self.heart()
        await say(.hello(identity))
        for await next in inputs {
            await take(next)
            if end != nil, running == nil { break }
        }
        // Without an end the task was cancelled.
        let end = self.end ?? WorkerEnd(outcome: .coordinatorLost("the worker was cancelled"), everyoneAlive: false)
        listener.cancel()
        heart.cancel()
        preparation?.cancel()
        running?.task.cancel()
        held.forEach { drop($0) }
        for discard in discards { await discard.value }
        await heart.value
        if case .coordinatorLost = end.outcome { return end }
        await say(.goodbye(reason: end.outcome.description))
        return end
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
        case .lost(let why): finish(.coordinatorLost(why), everyoneAlive: false)
        case .prepared(let failure): await ready(failure)
        case .ended(let batch, let result): await ended(batch, result)
        case .drain: await drain()
        case .tick(let now):
            let silence = now - lastHeard
            if silence > configuration.coordinatorSilenceLimit {
                finish(.coordinatorLost("it was silent for \(silence)"), everyoneAlive: false)
            }
        }
    }

    private func take(_ said: CoordinatorMessage, epoch: UInt64, at now: Duration) async {
        lastHeard = max(lastHeard, now)
        switch said {
        case .welcome:
            guard self.epoch == 0, end == nil else { return }
            self.epoch = epoch
            beat.welcome(epoch)
            prepare()
        // Before the welcome the run may be over already, or this worker refused.
        case .stop(let reason, let everyoneAlive) where epoch == self.epoch || self.epoch == 0:
            stop(reason, everyoneAlive: everyoneAlive)
        case _ where epoch != self.epoch: log.info("a message of the coordinator from epoch \(epoch) is dropped")
        case .assign(let batch): await accept(batch)
        case .cancel(let batch): await cancel(batch)
        case .drain: await drain()
        case .alive, .stop: break
        }
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
        guard end == nil else { return }
        if let failure {
            // The process stays until the stop: one that leaves alone may take the whole MPI job with it.
            self.failure = failure
            log.error("this worker cannot get ready: \(failure)")
            await say(.goodbye(reason: failure))
        } else {
            prepared = true
            await say(.ready(credit: draining ? 0 : configuration.credit))
        }
    }

    private func drain() async {
        guard !draining, end == nil else { return }
        draining = true
        if prepared { await say(.ready(credit: 0)) }
        for batch in held where batch != running?.batch { await release(batch) }
    }

    private func stop(_ reason: StopReason, everyoneAlive: Bool) {
        switch reason {
        case .refused(let why): finish(.refused(why), everyoneAlive: everyoneAlive)
        case .finished, .stopped:
            let outcome = failure.map(WorkerOutcome.unprepared) ?? (reason == .finished ? .finished : .stopped)
            finish(outcome, everyoneAlive: everyoneAlive)
        }
    }

    private func finish(_ outcome: WorkerOutcome, everyoneAlive: Bool) {
        guard end == nil else { return }
        end = WorkerEnd(outcome: outcome, everyoneAlive: everyoneAlive)
        running?.cancelled = true
        running?.task.cancel()
        for batch in held where batch != running?.batch { drop(batch) }
    }

    // MARK: - Batches

    private func accept(_ batch: Int) async {
        guard end == nil, !held.contains(batch) else { return }
        guard !draining, prepared else { return await say(.released(batch: batch)) }
        held.append(batch)
        prefetches[batch] = Task { [runner] in await runner.prefetch(batch) }
        await startNext()
    }

    private func cancel(_ batch: Int) async {
        if running?.batch == batch {
            running?.cancelled = true
            running?.task.cancel()
        } else {
            await release(batch)
        }
    }

    private func release(_ batch: Int) async {
        drop(batch)
        await say(.released(batch: batch))
    }

    /// Forgets a batch that was not begun.
    private func drop(_ batch: Int) {
        guard let index = held.firstIndex(of: batch) else { return }
        held.remove(at: index)
        guard let prefetch = prefetches.removeValue(forKey: batch) else { return }
        prefetch.cancel()
        discards.append(
            Task { [runner] in
                await prefetch.value
                await runner.discard(batch)
            })
    }

    private func startNext() async {
        guard running == nil, end == nil, let batch = held.first else { return }
        let prefetch = prefetches.removeValue(forKey: batch)
        beat.begin(batch)
        let task = Task { [runner, input, beat] in
            do {
                await prefetch?.value
                if Task.isCancelled {
                    await runner.discard(batch)
                    throw CancellationError()
                }
                let report = try await runner.run(batch) { beat.progress($0, of: batch) }
                input.yield(.ended(batch: batch, .success(report)))
            } catch {
                input.yield(.ended(batch: batch, .failure(error)))
            }
        }
        running = (batch, task, false)
        await say(.started(batch: batch))
    }

    private func ended(_ batch: Int, _ result: Result<BatchReport, any Error>) async {
        let cancelled = running?.cancelled == true
        running = nil
        held.removeAll { $0 == batch }
        beat.begin(nil)
        switch result {
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
        await startNext()
    }

    /// What cannot be sent is lost with the coordinator, of which an event tells.
    private func say(_ message: WorkerMessage) async {
        try? await transport.send(
            WireMessage(epoch: epoch, .worker(message)).encoded(), to: configuration.coordinator)
    }
}
