import Testing

@testable import Coordinator

@Suite("Loop: the coordinator's side", .timeLimit(.minutes(1)))
struct LoopCoordinatorTests {
    private let clock = LoopTestClock()
    private let ledger = LoopLedger()

    private func loop(
        _ batches: Int, _ network: InMemoryNetwork, ledger: LoopLedger? = nil, attempts: Int = 3
    ) -> CoordinatorLoop {
        var configuration = CoordinatorConfiguration(epoch: 5, configSHA256: "ab", samplesTotal: batches)
        configuration.policy.maximumAttempts = attempts
        return CoordinatorLoop(
            batches: (0..<batches).map { BatchWork(number: $0, expectedCost: 1) }, transport: network.endpoint(0),
            delegate: ledger ?? self.ledger, configuration: configuration, clock: clock, log: loopLog)
    }

    private func start(_ loop: CoordinatorLoop) -> Task<Result<RunEnd, any Error>, Never> {
        Task {
            do { return .success(try await loop.run()) } catch { return .failure(error) }
        }
    }

    @Test("without workers the run ends with an error, not with a hang")
    func nobody() async throws {
        let run = start(loop(3, .mesh(size: 3)))
        let end = try await clock.advance(by: .seconds(5), until: run).get()
        #expect(end.outcome == .noWorkersLeft(.nobodyCame(after: .seconds(120))))
        #expect(end.missing == [1, 2])
        #expect("\(end.outcome)".contains("120"))
    }

    @Test("one worker does all, and the end waits for its goodbye")
    func complete() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(2, network))
        let worker = LoopPuppet(end: network.endpoint(1))
        #expect(try await worker.join() == .welcome)
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 0)))
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 1)))
        try await worker.say(.finished(loopReport(0)))
        try await worker.say(.finished(loopReport(1)))
        try await worker.say(.finished(loopReport(1)))
        #expect(try await worker.hear() == .stop(.finished))
        try await worker.say(.goodbye(reason: "done"))
        #expect(try await worker.hear() == .dismiss(everyoneAlive: true))
        let end = try await run.value.get()
        #expect(end.outcome == .complete)
        #expect(end.missing.isEmpty)
        #expect(end.progress.samplesDone == 2)
        #expect(ledger.accepted == [0, 1])
        #expect(ledger.duplicates == [1])
    }

    @Test("samples that failed make the run complete with failures")
    func failures() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(1, network))
        let worker = LoopPuppet(end: network.endpoint(1))
        _ = try await worker.join()
        try await worker.say(.finished(loopReport(0, failed: 1)))
        try await worker.say(.goodbye(reason: "done"))
        #expect(try await run.value.get().outcome == .completeWithFailures)
    }

    @Test("a silent worker's batch goes to another; its late result counts and the other is told")
    func silence() async throws {
        let network = InMemoryNetwork.mesh(size: 3)
        let run = start(loop(1, network))
        let (one, two) = (LoopPuppet(end: network.endpoint(1)), LoopPuppet(end: network.endpoint(2)))
        _ = try await one.join()
        #expect(try await one.hear() == .assign(BatchOrder(batch: 0)))
        try await one.say(.started(batch: 0))
        try await one.beat()
        _ = try await two.join()
        network.cut(1)
        try await one.say(.finished(loopReport(0)))
        clock.advance(by: .seconds(20))
        try await two.beat()
        // The tick that follows is late enough for the first worker and not for the second.
        clock.advance(by: .seconds(20))
        let taken = Task { try? await two.hear() }
        #expect(
            await clock.advance(by: .milliseconds(1), until: taken) == .assign(BatchOrder(batch: 0, isolation: .batch)))
        try await two.say(.started(batch: 0))
        network.heal(1)
        #expect(try await two.hear() == .cancel(batch: 0))
        #expect(try await two.hear() == .stop(.finished))
        try await two.say(.finished(loopReport(0)))
        try await two.say(.goodbye(reason: "done"))
        try await one.say(.goodbye(reason: "done"))
        let end = try await run.value.get()
        #expect(end.outcome == .complete)
        #expect(end.missing.isEmpty)
        #expect(ledger.accepted == [0])
        #expect(ledger.duplicates == [0])
    }

    @Test("a dead worker's batches go to another, and nobody is asked to finalize MPI")
    func death() async throws {
        let network = InMemoryNetwork.mesh(size: 3)
        let run = start(loop(2, network))
        let (one, two) = (LoopPuppet(end: network.endpoint(1)), LoopPuppet(end: network.endpoint(2)))
        _ = try await one.join()
        #expect(try await one.hear() == .assign(BatchOrder(batch: 0)))
        #expect(try await one.hear() == .assign(BatchOrder(batch: 1)))
        network.kill(1)
        #expect(try await two.join() == .welcome)
        #expect(try await two.hear() == .assign(BatchOrder(batch: 0)))
        #expect(try await two.hear() == .assign(BatchOrder(batch: 1)))
        try await two.say(.finished(loopReport(0)))
        try await two.say(.finished(loopReport(1)))
        #expect(try await two.hear() == .stop(.finished))
        try await two.say(.goodbye(reason: "done"))
        #expect(try await two.hear() == .dismiss(everyoneAlive: false))
        let end = try await run.value.get()
        #expect(end.outcome == .complete)
        #expect(end.missing == [1])
    }

    @Test("the only worker loses its process and comes back: its batches wait for it")
    func crash() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(1, network))
        let one = LoopPuppet(end: network.endpoint(1))
        _ = try await one.join()
        #expect(try await one.hear() == .assign(BatchOrder(batch: 0)))
        try await one.say(.started(batch: 0))
        try await one.say(.crashed(reason: "it was killed"))
        #expect(try await one.join() == .welcome)
        #expect(try await one.hear() == .assign(BatchOrder(batch: 0, isolation: .batch)))
        try await one.say(.finished(loopReport(0)))
        #expect(try await one.hear() == .stop(.finished))
        try await one.say(.goodbye(reason: "done"))
        #expect(try await one.hear() == .dismiss(everyoneAlive: true))
        #expect(try await run.value.get().outcome == .complete)
    }

    @Test("what the last worker lacked that left may pass, and the end says so", arguments: [false, true])
    func leaving(mayPass: Bool) async throws {
        let network = InMemoryNetwork.mesh(size: 3)
        let run = start(loop(2, network))
        let (first, last) = (LoopPuppet(end: network.endpoint(1)), LoopPuppet(end: network.endpoint(2)))
        _ = try await (first.join(), last.join())
        try await first.say(.goodbye(reason: "the disk is full", mayPass: !mayPass))
        try await last.say(.goodbye(reason: "nobody answers", mayPass: mayPass))
        let end = try await clock.advance(by: .seconds(1), until: run).get()
        guard case .noWorkersLeft(.everyoneLeft(let reasons, let found)) = end.outcome else {
            Issue.record("\(end)")
            return
        }
        #expect(found == mayPass && reasons.count == 2)
    }

    @Test("when everybody has died the run ends with the reasons")
    func everybodyDies() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(2, network))
        _ = try await LoopPuppet(end: network.endpoint(1)).join()
        network.kill(1)
        let end = try await clock.advance(by: .seconds(1), until: run).get()
        #expect(end.outcome == .noWorkersLeft(.everyoneLeft(["worker 1 died"])))
    }

    @Test("a worker that is found missing only at the end keeps the others from finalizing MPI")
    func lateDeath() async throws {
        let network = InMemoryNetwork.mesh(size: 3)
        let run = start(loop(2, network))
        let (one, two) = (LoopPuppet(end: network.endpoint(1)), LoopPuppet(end: network.endpoint(2)))
        _ = try await one.join()
        for batch in 0...1 { #expect(try await one.hear() == .assign(BatchOrder(batch: batch))) }
        for batch in 0...1 { try await one.say(.started(batch: batch)) }
        try await one.beat()
        _ = try await two.join()
        // The first worker dies unnoticed; the batches come from the second.
        for batch in 0...1 { try await two.say(.finished(loopReport(batch))) }
        let end = try await clock.advance(
            by: .seconds(1),
            until: Task { () -> Result<RunEnd, any Error> in
                while let said = try? await two.hear(), said != .stop(.finished) {}
                try? await two.say(.goodbye(reason: "done"))
                return await run.value
            }
        ).get()
        #expect(end.outcome == .complete)
        #expect(end.missing == [1])
        #expect(try await two.hear() == .dismiss(everyoneAlive: false))
    }

    @Test("a worker with another configuration is refused")
    func refused() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(2, network))
        let worker = LoopPuppet(end: network.endpoint(1))
        try await worker.say(.hello(WorkerIdentity(host: "h", pid: 2, device: "cpu", configSHA256: "cd")))
        guard case .stop(.refused(let why))? = try await worker.hear() else {
            Issue.record("not refused")
            return
        }
        #expect(why.contains("cd") && why.contains("ab"))
        let end = try await clock.advance(by: .seconds(1), until: run).get()
        guard case .noWorkersLeft(.everyoneLeft(let reasons, mayPass: false)) = end.outcome else {
            Issue.record("\(end)")
            return
        }
        #expect(reasons.first?.contains("refused") == true)
    }

    @Test("a drain stops when what runs is finished")
    func drain() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let loop = loop(3, network)
        let run = start(loop)
        let worker = LoopPuppet(end: network.endpoint(1))
        _ = try await worker.join()
        for batch in 0...1 { #expect(try await worker.hear() == .assign(BatchOrder(batch: batch))) }
        loop.requestDrain()
        #expect(try await worker.hear() == .drain)
        try await worker.say(.released(batch: 1))
        try await worker.say(.finished(loopReport(0)))
        #expect(try await worker.hear() == .stop(.stopped))
        try await worker.say(.goodbye(reason: "drained"))
        let end = try await run.value.get()
        #expect(end.outcome == .stopped)
        #expect(ledger.accepted == [0])
    }

    @Test("a drain gives up what does not end in time")
    func drainLimit() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let loop = loop(3, network)
        let run = start(loop)
        let worker = LoopPuppet(end: network.endpoint(1))
        _ = try await worker.join(credit: 1)
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 0)))
        loop.requestDrain()
        #expect(try await worker.hear() == .drain)
        clock.advance(by: .seconds(5))
        try await worker.beat()
        // Asking again does not give it more time.
        loop.requestDrain()
        let heart = Task { [clock] in
            while (try? await clock.sleep(for: .seconds(2))) != nil {
                try await worker.say(.heartbeat(batch: 0, fraction: 0))
            }
        }
        let stopped = Task { try? await worker.hear() }
        #expect(await clock.advance(by: .seconds(1), until: stopped) == .stop(.stopped))
        heart.cancel()
        #expect(clock.now.offset < .seconds(80))
        try await worker.say(.goodbye(reason: "stopped"))
        #expect(try await run.value.get().outcome == .stopped)
        #expect(ledger.accepted.isEmpty)
    }

    @Test("a worker that drains by itself drains the run when it is the only one")
    func workerDrains() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(3, network))
        let worker = LoopPuppet(end: network.endpoint(1))
        _ = try await worker.join(credit: 1)
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 0)))
        try await worker.say(.ready(credit: 0))
        #expect(try await worker.hear() == .drain)
        try await worker.say(.finished(loopReport(0)))
        #expect(try await worker.hear() == .stop(.stopped))
        try await worker.say(.goodbye(reason: "drained"))
        #expect(try await run.value.get().outcome == .stopped)
    }

    @Test("a worker that hangs at the end is missing, not waited for")
    func missing() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let loop = loop(3, network)
        let run = start(loop)
        let worker = LoopPuppet(end: network.endpoint(1))
        _ = try await worker.join()
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 0)))
        loop.requestStop()
        let end = try await clock.advance(by: .seconds(1), until: run).get()
        #expect(end.outcome == .stopped)
        #expect(end.missing == [1])
    }

    @Test("what the delegate throws ends the run, and the workers are told")
    func delegateFails() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(3, network, ledger: LoopLedger(fails: true)))
        let worker = LoopPuppet(end: network.endpoint(1))
        _ = try await worker.join(credit: 1)
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 0)))
        try await worker.say(.finished(loopReport(0)))
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 1)))
        #expect(try await worker.hear() == .stop(.stopped))
        try await worker.say(.goodbye(reason: "told"))
        let result = await run.value
        #expect(throws: LoopLedger.Full.self) { try result.get() }
    }

    @Test("messages of another epoch, and bytes that are none, change nothing")
    func strangers() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(1, network))
        let worker = LoopPuppet(end: network.endpoint(1))
        _ = try await worker.join()
        #expect(try await worker.hear() == .assign(BatchOrder(batch: 0)))
        try await LoopPuppet(end: network.endpoint(1), epoch: 4).say(.finished(loopReport(0)))
        try await network.endpoint(1).send([1, 2, 3], to: 0)
        try await worker.beat()
        #expect(ledger.accepted.isEmpty)
        try await worker.say(.failed(batch: 0, BatchFailure(kind: "k", message: "m", retryable: false)))
        #expect(try await worker.hear() == .stop(.finished))
        try await worker.say(.goodbye(reason: "done"))
        #expect(try await run.value.get().outcome == .completeWithFailures)
        #expect(ledger.failed == [0])
    }

    @Test("with nothing to do, workers that come are sent home")
    func nothing() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let run = start(loop(0, network))
        let worker = LoopPuppet(end: network.endpoint(1))
        try await worker.say(.hello(loopIdentity))
        #expect(try await worker.hear() == .stop(.finished))
        try await worker.say(.goodbye(reason: "done"))
        let end = try await run.value.get()
        #expect(end.outcome == .complete)
        #expect(end.missing.isEmpty)
    }
}
