package import Logging

/// The coordinator's side of a run: carries out what ``Assignment`` says, over a transport, and watches over the
/// workers. `docs/scheduling.md` describes what it does when one of them dies or falls silent.
package actor CoordinatorLoop {
    enum Input: Sendable {
        case said(rank: Int, epoch: UInt64, WorkerMessage, at: Duration)
        case peerFailed(Int, at: Duration)
        case broken(String)
        case drain
        case stop
        case tick(at: Duration)
    }

    let transport: any Transport
    private let delegate: any CoordinatorDelegate
    let configuration: CoordinatorConfiguration
    let clock: LoopClock
    let log: Logger
    private let samples: [Int: Int]
    let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    var assignment: Assignment
    var roster: WorkerRoster
    private var meter: ProgressMeter
    private var identities: [Int: WorkerIdentity] = [:]
    /// When what runs is given up, once the run is drained.
    private var drainDeadline: Duration?
    /// Set when the run is over.
    var ending: RunOutcome?

    /// A loop over the batches that are still to be done. Takes over the transport's events.
    package init(
        batches: [BatchWork], transport: any Transport, delegate: any CoordinatorDelegate,
        configuration: CoordinatorConfiguration, clock: any Clock<Duration> = ContinuousClock(), log: Logger
    ) {
        self.transport = transport
        self.delegate = delegate
        self.configuration = configuration
        self.clock = LoopClock(clock)
        self.log = log
        samples = Dictionary(batches.map { ($0.number, $0.samples) }, uniquingKeysWith: { first, _ in first })
        (inputs, input) = AsyncStream.makeStream()
        assignment = Assignment(batches: batches, policy: configuration.policy)
        roster = WorkerRoster(ranks: transport.peers, silenceLimit: configuration.silenceLimit, at: .zero)
        meter = ProgressMeter(
            total: configuration.samplesTotal, doneBefore: configuration.samplesDoneBefore,
            failedBefore: configuration.samplesFailedBefore)
    }

    /// Begins no further batch; the run ends as ``RunOutcome/stopped`` when what runs is finished.
    package nonisolated func requestDrain() { input.yield(.drain) }

    /// Ends the run now; what runs is given up.
    package nonisolated func requestStop() { input.yield(.stop) }

    /// Runs until every batch is settled, the run is drained or stopped, or nobody is left. Call it once.
    /// - Throws: what the delegate throws; `CoordinatorError` when the transport breaks. The workers are told to stop
    ///   in either case.
    package func run() async throws -> RunEnd {
        let listener = listen()
        let ticker = tick()
        defer {
            listener.cancel()
            ticker.cancel()
        }
        do {
            try await perform(.tick, at: clock.now)
            if ending == nil {
                for await next in inputs {
                    try await take(next)
                    if ending != nil { break }
                }
            }
            guard ending != nil else { throw CoordinatorError.cancelled }
        } catch {
            _ = await farewell(.stopped, to: roster.present)
            throw error
        }
        return await end()
    }

    // MARK: - What arrives

    /// Stamps arrivals, and answers heartbeats without waiting for the loop, which a slow delegate may hold up.
    private func listen() -> Task<Void, Never> {
        Task { [transport, clock, input, log, epoch = configuration.epoch] in
            let alive = WireMessage(epoch: epoch, .coordinator(.alive)).encoded()
            for await event in transport.events {
                switch event {
                case .peerFailed(let rank): input.yield(.peerFailed(rank, at: clock.now))
                case .broken(let why): input.yield(.broken(why))
                case .message(let rank, let bytes):
                    do {
                        let message = try WireMessage(decoding: bytes)
                        guard case .worker(let said) = message.body else { continue }
                        if case .heartbeat = said, message.epoch == epoch {
                            try? await transport.send(alive, to: rank)
                        }
                        input.yield(.said(rank: rank, epoch: message.epoch, said, at: clock.now))
                    } catch {
                        log.warning("a message of worker \(rank) is dropped: \(error)")
                    }
                }
            }
            input.yield(.broken("the transport was closed"))
        }
    }

    private func tick() -> Task<Void, Never> {
        Task { [clock, input, interval = configuration.tick] in
            while (try? await clock.sleep(interval)) != nil { input.yield(.tick(at: clock.now)) }
        }
    }

    func take(_ next: Input) async throws {
        switch next {
        case .said(let rank, let epoch, let said, let now): try await take(said, from: rank, epoch: epoch, at: now)
        case .peerFailed(let rank, let now): try await lose(rank, .died, at: now)
        case .broken(let why): throw CoordinatorError.transport(why)
        case .drain:
            try await drain(at: clock.now)
        case .stop: try await perform(.stopRequested, at: clock.now)
        case .tick(let now): try await watch(at: now)
        }
    }

    private func take(_ said: WorkerMessage, from rank: Int, epoch: UInt64, at now: Duration) async throws {
        switch said {
        case .hello(let identity): return try await greet(rank, identity, at: now)
        case .wantsRun(let offset): return try await say(.run(delegate.run(from: offset)), to: rank)
        default: break
        }
        guard epoch == configuration.epoch else {
            log.info("a message of worker \(rank) from epoch \(epoch) is dropped")
            return
        }
        switch said {
        case .goodbye(let reason, let mayPass):
            return try await lose(rank, .goodbye(reason), mayPass: mayPass, at: now)
        case .crashed(let reason): return try await lose(rank, .crashed(reason), at: now)
        default: break
        }
        switch roster.heard(rank, at: now) {
        case .stranger: return
        case .returned:
            log.notice("worker \(rank) is heard again")
            try await perform(.workerReturned(rank: rank), at: now)
        case .present: break
        }
        switch said {
        case .ready(let credit) where assignment.ranks.contains(rank):
            try await perform(.creditChanged(rank: rank, credit: credit), at: now)
            try await drainIfEveryoneDoes(at: now)
        case .ready(let credit): try await perform(.workerJoined(rank: rank, credit: credit), at: now)
        case .started(let batch): try await perform(.batchStarted(rank: rank, batch: batch), at: now)
        case .sampleBegun(let batch, let sample):
            try await perform(.sampleBegun(rank: rank, batch: batch, sample: sample), at: now)
        case .finished(let report):
            try await perform(.batchFinished(rank: rank, batch: report.batch), report: report, at: now)
        case .failed(let batch, let failure):
            log.warning("batch \(batch) failed on worker \(rank): \(failure)")
            try await perform(.batchFailed(rank: rank, batch: batch, failure: failure), at: now)
        case .released(let batch):
            try await perform(.cancelAcknowledged(rank: rank, batch: batch), at: now)
        case .segment(let batch, let message):
            await delegate.segment(message, batch: batch, from: rank) {
                [transport, epoch = configuration.epoch] answer in
                let message = WireMessage(epoch: epoch, .coordinator(.segment(batch: batch, answer))).encoded()
                // A rank that is gone is told of by an event.
                Task { try? await transport.send(message, to: rank) }
            }
        case .heartbeat, .goodbye, .crashed, .hello, .wantsRun: break
        }
    }

    // MARK: - Who is there

    private func greet(_ rank: Int, _ identity: WorkerIdentity, at now: Duration) async throws {
        guard roster.greet(rank, at: now), ending == nil else { return }
        guard identity.configSHA256 == configuration.configSHA256 else {
            let why =
                "worker \(rank) on \(identity.host) read a configuration with SHA-256 \(identity.configSHA256), "
                + "the coordinator one with \(configuration.configSHA256); all ranks must see the same run directory"
            log.error("\(why)")
            roster.leave(rank, as: .gone, reason: "was refused: it read another configuration", at: now)
            return try await say(.stop(.refused(why)), to: rank)
        }
        // The same worker again: its welcome was under way. Another one: what the first held is lost.
        if let known = identities.updateValue(identity, forKey: rank), known != identity {
            try await perform(.workerLeft(rank: rank, reason: .died), at: now)
        } else if assignment.absent[rank] != nil {
            try await perform(.workerReturned(rank: rank), at: now)
        }
        log.info("worker \(rank) is process \(identity.pid) on \(identity.host), \(identity.device)")
        try await say(.welcome, to: rank)
    }

    private func lose(
        _ rank: Int, _ reason: Assignment.LeaveReason, mayPass: Bool = false, at now: Duration
    ) async throws {
        log.log(level: ending == nil ? .warning : .debug, "worker \(rank) \(reason)")
        let absence: WorkerRoster.Presence =
            switch reason {
            case .died: .dead
            case .crashed: .expected
            case .goodbye, .silent: .gone
            }
        roster.leave(rank, as: absence, reason: "\(reason)", mayPass: mayPass, at: now)
        try await perform(.workerLeft(rank: rank, reason: reason), at: now)
    }

    private func watch(at now: Duration) async throws {
        for rank in roster.fallenSilent(at: now) {
            log.warning("worker \(rank) was silent for \(configuration.silenceLimit); its batches go to others")
            try await perform(.workerLeft(rank: rank, reason: .silent(configuration.silenceLimit)), at: now)
        }
        try await perform(.tick, at: now)
        if ending == nil, let drainDeadline, now >= drainDeadline {
            log.warning("what still runs did not end in time and is given up")
            try await perform(.stopRequested, at: now)
        }
        if ending == nil, let desertion = roster.desertion(at: now, limit: configuration.helloLimit) {
            ending = .noWorkersLeft(desertion)
        }
        try await delegate.progress(progress(at: now))
    }

    /// A signal that reached only the workers drains the run as well: else all would wait for ever.
    private func drainIfEveryoneDoes(at now: Duration) async throws {
        guard assignment.everyoneDrains, roster.expected.isEmpty else { return }
        try await drain(at: now)
    }

    private func drain(at now: Duration) async throws {
        guard drainDeadline == nil else { return }
        log.notice(
            "draining: no further batch is begun; what runs has \(configuration.drainLimit) to end")
        drainDeadline = now + configuration.drainLimit
        try await perform(.drainRequested, at: now)
    }

    // MARK: - What is done

    private func perform(_ event: Assignment.Event, report: BatchReport? = nil, at now: Duration) async throws {
        switch event {
        case .workerLeft(let rank, _): await delegate.segmentsDropped(of: rank, batch: nil)
        case .batchFailed(let rank, let batch, _), .cancelAcknowledged(let rank, let batch):
            await delegate.segmentsDropped(of: rank, batch: batch)
        default: break
        }
        let actions = assignment.handle(event, at: now)
        // Messages first: the delegate may take its time.
        for action in actions {
            switch action {
            case .assign(let batch, let rank):
                let order = assignment.order(for: batch)
                if order.isolation == .samples {
                    log.warning("batch \(batch) took workers down; worker \(rank) does it sample by sample")
                }
                try await say(.assign(order), to: rank)
            case .cancel(let batch, let rank): try await say(.cancel(batch: batch), to: rank)
            case .drain(let rank): try await say(.drain, to: rank)
            case .accept, .discardDuplicate, .recordBatchFailure, .finished, .stopped: break
            }
        }
        for action in actions {
            switch action {
            case .accept:
                guard let report else { continue }
                meter.count(done: report.succeeded, failed: report.failed)
                try await delegate.batchAccepted(report)
                try await delegate.progress(progress(at: now))
            case .discardDuplicate(let batch, let rank):
                log.debug("batch \(batch) of worker \(rank) is a duplicate")
                if let report { await delegate.batchDuplicated(report, rank: rank) }
            case .recordBatchFailure(let batch, let failure):
                log.error("batch \(batch) is given up: \(failure)")
                meter.count(done: 0, failed: samples[batch] ?? 0)
                try await delegate.batchFailed(batch, failure)
                try await delegate.progress(progress(at: now))
            case .finished:
                ending = settled
            case .stopped: ending = .stopped
            case .assign, .cancel, .drain: break
            }
        }
    }

    func say(_ message: CoordinatorMessage, to rank: Int) async throws(CoordinatorError) {
        do {
            try await transport.send(
                WireMessage(epoch: configuration.epoch, .coordinator(message)).encoded(), to: rank)
        } catch {
            throw .transport(error.description)
        }
    }

    func progress(at now: Duration) -> RunProgress {
        meter.progress(elapsed: now, workers: roster.present.count, busy: assignment.busy)
    }
}
