import Synchronization
import Testing

@testable import Coordinator

/// Does what a test lets it do, and tells it what it was asked.
private final class GateRunner: BatchRunner {
    struct Unready: Error {}

    let calls: AsyncStream<String>
    private let call: AsyncStream<String>.Continuation
    private typealias End = (batch: Int?, result: Result<Void, any Error>)
    private let gate = Mutex<(ends: [End], waiters: [CheckedContinuation<Void, Never>])>(([], []))
    private let isReady: Bool
    private let computesAtOnce: Bool

    /// - Parameter computesAtOnce: only the end of a batch waits until it is let.
    init(isReady: Bool = true, computesAtOnce: Bool = false) {
        self.isReady = isReady
        self.computesAtOnce = computesAtOnce
        (calls, call) = AsyncStream.makeStream(of: String.self)
    }

    /// Lets one batch end, this or whichever runs.
    func open(_ batch: Int? = nil, _ result: Result<Void, any Error> = .success(())) {
        gate.withLock { $0.ends.append((batch, result)) }
        wake()
    }

    private func wake() {
        gate.withLock { gate in
            defer { gate.waiters = [] }
            return gate.waiters
        }.forEach { $0.resume() }
    }

    private func end(of batch: Int) -> Result<Void, any Error>? {
        gate.withLock { gate in
            gate.ends.firstIndex { $0.batch == nil || $0.batch == batch }.map { gate.ends.remove(at: $0).result }
        }
    }

    func next() async -> String? {
        for await call in calls { return call }
        return nil
    }

    func prepare() async throws {
        if !isReady { throw Unready() }
    }

    func prefetch(_ batch: Int) async { call.yield("prefetch \(batch)") }

    func run(_ order: BatchOrder, _ watch: BatchWatch) async throws -> BatchReport {
        let batch = order.batch
        watch.progress(0.25)
        call.yield("run \(batch)")
        if computesAtOnce { watch.computed() }
        while !Task.isCancelled {
            if let end = end(of: batch) {
                try end.get()
                return loopReport(batch)
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { waiter in
                    let isLate = gate.withLock { gate in
                        gate.waiters.append(waiter)
                        return Task.isCancelled || gate.ends.contains { $0.batch == nil || $0.batch == batch }
                    }
                    if isLate { wake() }
                }
            } onCancel: {
                wake()
            }
        }
        call.yield("cancelled \(batch)")
        throw CancellationError()
    }

    func discard(_ batch: Int) async { call.yield("discard \(batch)") }
}

@Suite("Loop: the worker's side", .timeLimit(.minutes(1)))
struct LoopWorkerTests {
    private let clock = LoopTestClock()
    private let network = InMemoryNetwork.mesh(size: 2)

    private func start(_ runner: GateRunner) -> (loop: WorkerLoop, end: Task<WorkerEnd, Never>) {
        let loop = WorkerLoop(
            transport: network.endpoint(1), runner: runner, publisher: nil, identity: loopIdentity, clock: clock,
            log: loopLog)
        return (loop, Task { await loop.run() })
    }

    private func welcomed(_ runner: GateRunner) async throws -> (
        LoopPuppet, loop: WorkerLoop, end: Task<WorkerEnd, Never>
    ) {
        let (loop, end) = start(runner)
        let coordinator = LoopPuppet(end: network.endpoint(0))
        #expect(try await coordinator.hearWorker() == .hello(loopIdentity))
        try await coordinator.say(.welcome)
        #expect(try await coordinator.hearWorker() == .ready(credit: 2))
        return (coordinator, loop, end)
    }

    @Test("the next batch is prefetched beside the running one")
    func prefetch() async throws {
        let runner = GateRunner()
        let (coordinator, _, end) = try await welcomed(runner)
        try await coordinator.say(.assign(BatchOrder(batch: 3)))
        #expect(await runner.next() == "prefetch 3")
        #expect(await runner.next() == "run 3")
        try await coordinator.say(.assign(BatchOrder(batch: 4)))
        #expect(await runner.next() == "prefetch 4")
        runner.open()
        #expect(await runner.next() == "run 4")
        for said in [WorkerMessage.started(batch: 3), .finished(loopReport(3)), .started(batch: 4)] {
            #expect(try await coordinator.hearWorker() == said)
        }
        let failure = BatchFailure(kind: "k", message: "m", retryable: true)
        runner.open(nil, .failure(failure))
        #expect(try await coordinator.hearWorker() == .failed(batch: 4, failure))
        try await coordinator.say(.stop(.finished))
        #expect(try await coordinator.hearWorker() == .goodbye(reason: "All batches are done."))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value == WorkerEnd(outcome: .finished, everyoneAlive: true))
    }

    @Test("the next batch is computed while the last is published")
    func overlap() async throws {
        let runner = GateRunner(computesAtOnce: true)
        let (coordinator, _, end) = try await welcomed(runner)
        for batch in 1...2 { try await coordinator.say(.assign(BatchOrder(batch: batch))) }
        // Whoever is done first is reported first.
        for batch in 1...2 { #expect(try await coordinator.hearWorker() == .started(batch: batch)) }
        runner.open(2)
        #expect(try await coordinator.hearWorker() == .finished(loopReport(2)))
        try await coordinator.say(.assign(BatchOrder(batch: 3)))
        #expect(try await coordinator.hearWorker() == .started(batch: 3))
        try await coordinator.say(.cancel(batch: 1))
        #expect(try await coordinator.hearWorker() == .released(batch: 1))
        // A drain and a stop find what is published as they find what is computed.
        try await coordinator.say(.drain)
        #expect(try await coordinator.hearWorker() == .ready(credit: 0))
        runner.open(3)
        #expect(try await coordinator.hearWorker() == .finished(loopReport(3)))
        try await coordinator.say(.stop(.stopped))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value.outcome == .stopped)
    }

    @Test("a batch that took a process with it shares none", arguments: [BatchOrder.Isolation.batch, .samples])
    func isolation(isolation: BatchOrder.Isolation) async throws {
        let runner = GateRunner(computesAtOnce: true)
        let (coordinator, _, end) = try await welcomed(runner)
        try await coordinator.say(.assign(BatchOrder(batch: 1)))
        try await coordinator.say(.assign(BatchOrder(batch: 2, isolation: isolation)))
        try await coordinator.say(.assign(BatchOrder(batch: 3)))
        for batch in 1...3 {
            #expect(try await coordinator.hearWorker() == .started(batch: batch))
            runner.open()
            #expect(try await coordinator.hearWorker() == .finished(loopReport(batch)))
        }
        try await coordinator.say(.stop(.finished))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value.outcome == .finished)
    }

    @Test("a worker that cannot publish gives up what it computes beside, and only then says goodbye")
    func unfitBeside() async throws {
        let runner = GateRunner(computesAtOnce: true)
        let (coordinator, _, end) = try await welcomed(runner)
        for batch in 1...2 { try await coordinator.say(.assign(BatchOrder(batch: batch))) }
        for batch in 1...2 { #expect(try await coordinator.hearWorker() == .started(batch: batch)) }
        runner.open(1, .failure(WorkerUnfit("the disk is full")))
        #expect(try await coordinator.hearWorker() == .released(batch: 2))
        #expect(try await coordinator.hearWorker() == .goodbye(reason: "the disk is full"))
        try await coordinator.say(.stop(.finished))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value.outcome == .unprepared("the disk is full"))
    }

    @Test("a cancel lets go of the running batch, and of one ahead")
    func cancel() async throws {
        let runner = GateRunner()
        let (coordinator, _, end) = try await welcomed(runner)
        for batch in 1...3 { try await coordinator.say(.assign(BatchOrder(batch: batch))) }
        #expect(try await coordinator.hearWorker() == .started(batch: 1))
        var calls: Set<String> = []
        while !calls.contains("run 1"), let call = await runner.next() { calls.insert(call) }
        try await coordinator.say(.cancel(batch: 2))
        #expect(try await coordinator.hearWorker() == .released(batch: 2))
        try await coordinator.say(.cancel(batch: 1))
        #expect(try await coordinator.hearWorker() == .released(batch: 1))
        #expect(try await coordinator.hearWorker() == .started(batch: 3))
        // One that it never had is let go of as well.
        try await coordinator.say(.cancel(batch: 99))
        #expect(try await coordinator.hearWorker() == .released(batch: 99))
        runner.open()
        #expect(try await coordinator.hearWorker() == .finished(loopReport(3)))
        try await coordinator.say(.stop(.finished))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        _ = await end.value
        while calls.count < 7, let call = await runner.next() { calls.insert(call) }
        #expect(
            calls == ["prefetch 1", "run 1", "prefetch 2", "prefetch 3", "discard 2", "cancelled 1", "run 3"])
    }

    @Test("a drain returns what is not begun, finishes what runs, and stays until the stop", arguments: [true, false])
    func drain(byItself: Bool) async throws {
        let runner = GateRunner()
        let (coordinator, loop, end) = try await welcomed(runner)
        for batch in 1...2 { try await coordinator.say(.assign(BatchOrder(batch: batch))) }
        #expect(try await coordinator.hearWorker() == .started(batch: 1))
        for _ in 0..<3 { _ = await runner.next() }
        if byItself { loop.requestDrain() } else { try await coordinator.say(.drain) }
        #expect(try await coordinator.hearWorker() == .ready(credit: 0))
        #expect(try await coordinator.hearWorker() == .released(batch: 2))
        try await coordinator.say(.assign(BatchOrder(batch: 5)))
        #expect(try await coordinator.hearWorker() == .released(batch: 5))
        runner.open()
        #expect(try await coordinator.hearWorker() == .finished(loopReport(1)))
        try await coordinator.say(.stop(.stopped))
        try await coordinator.say(.dismiss(everyoneAlive: false))
        #expect(await end.value == WorkerEnd(outcome: .stopped, everyoneAlive: false))
    }

    @Test("a worker that can do no batch any more says why, lets go of all, and stays until the end")
    func unfit() async throws {
        let runner = GateRunner()
        let (coordinator, _, end) = try await welcomed(runner)
        for batch in 1...2 { try await coordinator.say(.assign(BatchOrder(batch: batch))) }
        #expect(try await coordinator.hearWorker() == .started(batch: 1))
        runner.open(nil, .failure(WorkerUnfit("the disk is full")))
        #expect(try await coordinator.hearWorker() == .goodbye(reason: "the disk is full"))
        try await coordinator.say(.assign(BatchOrder(batch: 3)))
        #expect(try await coordinator.hearWorker() == .released(batch: 3))
        try await coordinator.say(.stop(.finished))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value == WorkerEnd(outcome: .unprepared("the disk is full"), everyoneAlive: true))
    }

    @Test("a stop gives up what runs, then says goodbye")
    func stop() async throws {
        let runner = GateRunner()
        let (coordinator, _, end) = try await welcomed(runner)
        try await coordinator.say(.assign(BatchOrder(batch: 1)))
        #expect(try await coordinator.hearWorker() == .started(batch: 1))
        try await coordinator.say(.stop(.stopped))
        #expect(try await coordinator.hearWorker() == .released(batch: 1))
        guard case .goodbye? = try await coordinator.hearWorker() else {
            Issue.record("no goodbye")
            return
        }
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value.outcome == .stopped)
    }

    @Test("without a dismissal the worker leaves after a while, and does not vouch for the others")
    func undismissed() async throws {
        let (coordinator, _, end) = try await welcomed(GateRunner())
        try await coordinator.say(.stop(.finished))
        #expect(
            await clock.advance(by: .seconds(5), until: end) == WorkerEnd(outcome: .finished, everyoneAlive: false))
    }

    @Test("heartbeats tell the batch in hand and how far it is")
    func heartbeat() async throws {
        let runner = GateRunner()
        let (coordinator, _, end) = try await welcomed(runner)
        try await coordinator.say(.assign(BatchOrder(batch: 8)))
        #expect(await runner.next() == "prefetch 8")
        #expect(await runner.next() == "run 8")
        let heard = Task { () -> WorkerMessage? in
            while let said = try? await coordinator.hearWorker(heartbeats: true) {
                if case .heartbeat(.some, _) = said { return said }
            }
            return nil
        }
        #expect(await clock.advance(by: .seconds(2), until: heard) == .heartbeat(batch: 8, fraction: 0.25))
        try await coordinator.say(.stop(.stopped))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        _ = await end.value
    }

    @Test("a coordinator that dies, or is silent, ends the worker", arguments: [true, false])
    func orphan(dies: Bool) async throws {
        let runner = GateRunner()
        let (coordinator, _, end) = try await welcomed(runner)
        try await coordinator.say(.assign(BatchOrder(batch: 1)))
        #expect(try await coordinator.hearWorker() == .started(batch: 1))
        if dies { network.kill(0) }
        let outcome = await clock.advance(by: .seconds(dies ? 0 : 30), until: end).outcome
        guard case .coordinatorLost = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test("a worker that cannot get ready says so and waits for the stop")
    func unprepared() async throws {
        let (_, end) = start(GateRunner(isReady: false))
        let coordinator = LoopPuppet(end: network.endpoint(0))
        _ = try await coordinator.hearWorker()
        try await coordinator.say(.welcome)
        #expect(try await coordinator.hearWorker() == .goodbye(reason: "Unready()"))
        try await coordinator.say(.stop(.finished))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value.outcome == .unprepared("Unready()"))
    }

    @Test("hello is repeated until the welcome, and a stop before it is heard")
    func early() async throws {
        let (_, end) = start(GateRunner())
        let coordinator = LoopPuppet(end: network.endpoint(0))
        _ = try await coordinator.hearWorker()
        let again = Task { try? await coordinator.hearWorker() }
        #expect(await clock.advance(by: .seconds(2), until: again) == .hello(loopIdentity))
        try await coordinator.say(.stop(.refused("no")))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value.outcome == .refused("no"))
    }
}
