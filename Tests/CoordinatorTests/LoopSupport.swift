import Logging
import Synchronization

@testable import Coordinator

/// A clock that a test moves.
final class LoopTestClock: Clock, Sendable {
    typealias Duration = Swift.Duration

    struct Instant: InstantProtocol {
        var offset = Duration.zero
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private struct State {
        var now = Instant()
        var next = 0
        var sleepers: [Int: (until: Instant, wake: CheckedContinuation<Bool, Never>)] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())
    let minimumResolution = Duration.zero

    var now: Instant { state.withLock { $0.now } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        let slept = await withTaskCancellationHandler {
            await withCheckedContinuation { wake in
                let result: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.now >= deadline { return true }
                    state.sleepers[id] = (deadline, wake)
                    return nil
                }
                if let result { wake.resume(returning: result) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.wake.resume(returning: false)
        }
        if !slept { throw CancellationError() }
    }

    func advance(by time: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: time)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            due.keys.forEach { state.sleepers[$0] = nil }
            return due.values.map(\.wake)
        }
        due.forEach { $0.resume(returning: true) }
    }

    /// Goes on in steps, with time for others in between, until the task has a value.
    func advance<Value: Sendable>(by step: Duration, until task: Task<Value, Never>) async -> Value {
        let mover = Task {
            while !Task.isCancelled {
                self.advance(by: step)
                for _ in 0..<20 { await Task.yield() }
            }
        }
        defer { mover.cancel() }
        return await task.value
    }
}

let loopLog = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
let loopIdentity = WorkerIdentity(host: "node", pid: 1, device: "cpu", configSHA256: "ab")

/// One side of the conversation, played by a test.
struct LoopPuppet {
    let end: InMemoryTransport
    var epoch: UInt64 = 5

    func say(_ message: WorkerMessage, to rank: Int = 0) async throws {
        try await end.send(WireMessage(epoch: epoch, .worker(message)).encoded(), to: rank)
    }

    func say(_ message: CoordinatorMessage, to rank: Int = 1) async throws {
        try await end.send(WireMessage(epoch: epoch, .coordinator(message)).encoded(), to: rank)
    }

    /// The next message that is no answer to a heartbeat.
    func hear() async throws -> CoordinatorMessage? {
        for await event in end.events {
            if case .message(_, let bytes) = event, case .coordinator(let said) = try WireMessage(decoding: bytes).body,
                said != .alive
            {
                return said
            }
        }
        return nil
    }

    /// The next message of a worker that is no heartbeat, unless heartbeats are asked for.
    func hearWorker(heartbeats: Bool = false) async throws -> WorkerMessage? {
        for await event in end.events {
            guard case .message(_, let bytes) = event, case .worker(let said) = try WireMessage(decoding: bytes).body
            else { continue }
            if case .heartbeat = said, !heartbeats { continue }
            return said
        }
        return nil
    }

    /// Waits until the coordinator has heard everything so far.
    func beat() async throws {
        try await say(.heartbeat(batch: nil, fraction: 0))
        for await event in end.events {
            if case .message(_, let bytes) = event,
                case .coordinator(.alive) = try WireMessage(decoding: bytes).body
            {
                return
            }
        }
    }

    /// Hello, welcome, ready.
    func join(credit: Int = 2) async throws -> CoordinatorMessage? {
        try await say(.hello(loopIdentity))
        let answer = try await hear()
        try await say(.ready(credit: credit))
        return answer
    }
}

/// What a coordinator told.
final class LoopLedger: CoordinatorDelegate {
    struct Full: Error {}

    private let state = Mutex<(accepted: [Int], failed: [Int], duplicates: [Int])>(([], [], []))
    let fails: Bool

    init(fails: Bool = false) { self.fails = fails }

    var accepted: [Int] { state.withLock { $0.accepted } }
    var failed: [Int] { state.withLock { $0.failed } }
    var duplicates: [Int] { state.withLock { $0.duplicates } }

    func batchAccepted(_ report: BatchReport) async throws {
        if fails { throw Full() }
        state.withLock { $0.accepted.append(report.batch) }
    }
    func batchFailed(_ batch: Int, _ failure: BatchFailure) async throws { state.withLock { $0.failed.append(batch) } }
    func batchDuplicated(_ report: BatchReport, rank: Int) async {
        state.withLock { $0.duplicates.append(report.batch) }
    }
    func progress(_ progress: RunProgress) async {}
}

func loopReport(_ batch: Int, failed: Int = 0) -> BatchReport {
    BatchReport(batch: batch, succeeded: 1, failed: failed, bytes: 10, seconds: 1, published: true)
}
