import Foundation
import Processes
import Synchronization
import Testing

@testable import Coordinator

/// A process that a test plays.
private final class PuppetProcess: ChildProcess {
    let transport: any Transport
    let inside: InMemoryTransport
    private let network: InMemoryNetwork
    private let ending: AsyncStream<ChildExit>
    private let end: AsyncStream<ChildExit>.Continuation
    let wasKilled = Mutex(false)

    init() {
        network = InMemoryNetwork.mesh(size: 2)
        transport = network.endpoint(1)
        inside = network.endpoint(0)
        (ending, end) = AsyncStream.makeStream()
    }

    /// Ends as the pipe of a process does: first the end of what it says, then its exit.
    func end(_ exit: ChildExit) {
        network.kill(0)
        end.yield(exit)
    }

    func exit() async -> ChildExit {
        for await exit in ending { return exit }
        return .code(-1)
    }

    func kill() {
        wasKilled.withLock { $0 = true }
        end(.signal(9))
    }
}

private final class PuppetLauncher: ChildLauncher {
    private let started: AsyncStream<PuppetProcess>
    private let start: AsyncStream<PuppetProcess>.Continuation
    let count = Mutex(0)
    let fails: Bool

    init(fails: Bool = false) {
        self.fails = fails
        (started, start) = AsyncStream.makeStream()
    }

    func launch() async throws -> any ChildProcess {
        count.withLock { $0 += 1 }
        if fails { throw SpawnError(program: "seehear-worker", reason: "No such file or directory") }
        let process = PuppetProcess()
        start.yield(process)
        return process
    }

    func next() async -> PuppetProcess? {
        for await process in started { return process }
        return nil
    }
}

@Suite("Supervisor: a rank outlives its process", .timeLimit(.minutes(1)))
struct SupervisorTests {
    private let clock = LoopTestClock()
    private let network = InMemoryNetwork.mesh(size: 2)
    private var coordinator: LoopPuppet { LoopPuppet(end: network.endpoint(0)) }

    private func supervise(_ launcher: PuppetLauncher) -> Task<WorkerEnd, Never> {
        let supervisor = WorkerSupervisor(
            transport: network.endpoint(1), launcher: launcher, clock: clock, log: loopLog)
        return Task { await supervisor.run() }
    }

    private func inside(_ process: PuppetProcess) -> LoopPuppet { LoopPuppet(end: process.inside) }

    /// A process that has said hello, was welcomed, and is ready.
    private func ready(_ launcher: PuppetLauncher) async throws -> PuppetProcess {
        let process = try #require(await launcher.next())
        try await inside(process).say(.hello(loopIdentity), to: 1)
        #expect(try await coordinator.hearWorker() == .hello(loopIdentity))
        try await coordinator.say(.welcome)
        #expect(try await inside(process).hear() == .welcome)
        try await inside(process).say(.ready(credit: 2), to: 1)
        #expect(try await coordinator.hearWorker() == .ready(credit: 2))
        return process
    }

    @Test("messages pass unchanged; a process that ends is told, and another takes its place")
    func crash() async throws {
        let launcher = PuppetLauncher()
        let end = supervise(launcher)
        let first = try await ready(launcher)
        try await coordinator.say(.assign(BatchOrder(batch: 3)))
        #expect(try await inside(first).hear() == .assign(BatchOrder(batch: 3)))
        try await inside(first).say(.started(batch: 3), to: 1)
        #expect(try await coordinator.hearWorker() == .started(batch: 3))
        first.end(.signal(11))
        #expect(
            try await coordinator.hearWorker() == .crashed(reason: "it crashed (signal 11, segmentation fault)"))
        let mover = Task { while !Task.isCancelled { clock.advance(by: .seconds(1)); await Task.yield() } }
        let second = try await ready(launcher)
        mover.cancel()
        try await coordinator.say(.stop(.finished))
        #expect(try await inside(second).hear() == .stop(.finished))
        try await inside(second).say(.goodbye(reason: "done"), to: 1)
        #expect(try await coordinator.hearWorker() == .goodbye(reason: "done"))
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(try await inside(second).hear() == .dismiss(everyoneAlive: true))
        second.end(.code(0))
        #expect(await end.value == WorkerEnd(outcome: .finished, everyoneAlive: true))
    }

    @Test("a process that is not heard, or gets no further, is ended", arguments: [false, true])
    func hangs(beats: Bool) async throws {
        let launcher = PuppetLauncher()
        let end = supervise(launcher)
        let process = try await ready(launcher)
        try await inside(process).say(.started(batch: 7), to: 1)
        #expect(try await coordinator.hearWorker() == .started(batch: 7))
        let why = beats ? "it made no progress with batch 7 for 1800.0 seconds" : "it was silent for 30.0 seconds"
        if beats {
            // Time goes on when a beat has come through, so that silence is never the reason.
            var heard: WorkerMessage?
            repeat {
                try? await inside(process).say(.heartbeat(batch: 7, fraction: 0.5), to: 1)
                heard = try await coordinator.hearWorker(heartbeats: true)
                clock.advance(by: .seconds(10))
            } while heard.isHeartbeat
            #expect(heard == .crashed(reason: why))
        } else {
            let mover = Task { while !Task.isCancelled { clock.advance(by: .seconds(10)); await Task.yield() } }
            #expect(try await coordinator.hearWorker() == .crashed(reason: why))
            mover.cancel()
        }
        #expect(process.wasKilled.withLock { $0 })
        network.kill(0)
        guard case .coordinatorLost = await end.value.outcome else {
            Issue.record("it must notice that the coordinator is gone")
            return
        }
    }

    @Test("a process that ends after the run's end is a goodbye and not replaced")
    func endsLate() async throws {
        let launcher = PuppetLauncher()
        let end = supervise(launcher)
        let process = try await ready(launcher)
        try await coordinator.say(.stop(.finished))
        #expect(try await inside(process).hear() == .stop(.finished))
        process.end(.signal(9))
        guard case .goodbye? = try await coordinator.hearWorker() else {
            Issue.record("the coordinator would wait for it")
            return
        }
        try await coordinator.say(.dismiss(everyoneAlive: true))
        #expect(await end.value == WorkerEnd(outcome: .finished, everyoneAlive: true))
        #expect(launcher.count.withLock { $0 } == 1)
    }

    @Test("processes that never get ready are not started for ever")
    func hopeless() async throws {
        let launcher = PuppetLauncher(fails: true)
        let end = supervise(launcher)
        let result = await clock.advance(
            by: .seconds(1),
            until: Task {
                while launcher.count.withLock({ $0 }) < 3 { await Task.yield() }
                for _ in 0..<200 { await Task.yield() }
                try? await coordinator.say(.dismiss(everyoneAlive: false))
                return await end.value
            })
        #expect(launcher.count.withLock { $0 } == 3)
        #expect(!result.everyoneAlive)
    }

    @Test("a rank whose process lost the coordinator is lost too")
    func orphan() async throws {
        let launcher = PuppetLauncher()
        let end = supervise(launcher)
        let process = try await ready(launcher)
        process.end(.code(ChildExit.coordinatorLost))
        guard case .coordinatorLost = await end.value.outcome else {
            Issue.record("it must not start another")
            return
        }
        #expect(launcher.count.withLock { $0 } == 1)
    }
}

@Suite("Processes and pipes", .timeLimit(.minutes(1)))
struct SpawnedProcessTests {
    private func shell(_ script: String) async throws -> SpawnedProcess {
        try await SpawnedProcess.start("/bin/sh", ["sh", "-c", script], rank: 3)
    }

    @Test("messages of all sizes come back from a process that echoes")
    func echo() async throws {
        let process = try await shell("exec cat <&3 >&4")
        var events = process.transport.events.makeAsyncIterator()
        for count in [0, 1, 70_000, 3 << 20] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await process.transport.send(bytes, to: 3)
            #expect(await events.next() == .message(from: 3, bytes))
        }
        await #expect(throws: TransportError.unknownRank(4, peers: [3])) { try await process.transport.send([], to: 4) }
        process.kill()
        #expect(await process.exit() == .signal(9))
        #expect(await events.next() == .peerFailed(3))
    }

    @Test("a message that is cut off never was; the exit code comes after the end of what was said")
    func cutOff() async throws {
        // A message of two bytes, then one of nine of which four come.
        let process = try await shell(#"printf '\002\000\000\000hi\011\000\000\000half' >&4; exit 7"#)
        var events: [TransportEvent] = []
        for await event in process.transport.events { events.append(event) }
        #expect(events == [.message(from: 3, Array("hi".utf8)), .peerFailed(3)])
        #expect(await process.exit() == .code(7))
    }

    @Test("a length that nobody of ours sends is told, and nothing is allocated for it")
    func absurd() async throws {
        let process = try await shell(#"printf '\377\377\377\177' >&4"#)
        var events: [TransportEvent] = []
        for await event in process.transport.events { events.append(event) }
        guard case .broken(let why)? = events.first, events.count == 1 else {
            Issue.record("\(events)")
            return
        }
        #expect(why.contains("2147483647"))
    }

    @Test("a stopped process can be ended, and one that does not exist cannot be started")
    func stopped() async throws {
        let process = try await shell("kill -STOP $$; exit 0")
        try await Task.sleep(for: .milliseconds(50))
        process.kill()
        #expect(await process.exit() == .signal(9))
        await #expect(throws: SpawnError.self) {
            try await SpawnedProcess.start("/nowhere/program", ["program"], rank: 0)
        }
    }
}

extension WorkerMessage? {
    /// Whether it is one of the messages that come every few seconds.
    fileprivate var isHeartbeat: Bool { if case .heartbeat = self { true } else { false } }
}
