import Logging
import Testing

@testable import Coordinator

/// What tests say to a supervision.
extension Supervision {
    static let crash = "it crashed (signal 11, segmentation fault)"

    /// A rank that was welcomed, and whose first process is ready.
    static func ready() -> Supervision {
        var supervision = Supervision()
        _ = supervision.tell(.begun)
        _ = supervision.hear(.welcome)
        _ = supervision.hear(.ready(credit: 2), from: 1)
        return supervision
    }

    mutating func tell(_ event: Event, at now: Duration = .zero) -> [Action] { handle(event, at: now) }

    mutating func hear(_ message: CoordinatorMessage, at now: Duration = .zero) -> [Action] {
        handle(.coordinatorSaid(WireMessage(epoch: 5, .coordinator(message))), at: now)
    }

    mutating func hear(_ message: WorkerMessage, from number: Int, at now: Duration = .zero) -> [Action] {
        handle(.processSaid(number, WireMessage(epoch: 5, .worker(message))), at: now)
    }

    /// The end of a process, and of what it said.
    mutating func ends(_ number: Int, _ exit: ChildExit = .signal(11), at now: Duration = .zero) -> [Action] {
        handle(.processSaidAll(number), at: now) + handle(.processEnded(number, exit), at: now)
    }
}

@Suite("Supervision: processes")
struct SupervisionTests {
    private typealias Action = Supervision.Action

    private func crashLog(_ how: String) -> Action { .log(.error, "the process of this rank \(how)") }

    // MARK: - Messages

    @Test("a process is started at once, and messages pass in both directions, also those that nobody here can read")
    func passes() {
        var supervision = Supervision()
        #expect(supervision.tell(.begun) == [.launch(1)])
        #expect(supervision.tell(.processSaid(1, nil)) == [.passUp])
        #expect(supervision.tell(.coordinatorSaid(nil)) == [.passDown])
        #expect(supervision.hear(.hello(loopIdentity), from: 1) == [.passUp])
        #expect(supervision.hear(.welcome) == [.passDown])
        #expect(supervision.epoch == 5)
    }

    @Test("a process that the kernel cannot end is told of once a minute")
    func unkillable() {
        var supervision = Supervision.ready()
        #expect(supervision.tell(.tick, at: .seconds(31)).contains(.kill))
        var told: [Int] = []
        for second in 32..<260 where !supervision.tell(.tick, at: .seconds(second)).isEmpty { told.append(second) }
        #expect(told == [92, 152, 212])
        #expect(supervision.ends(1, .signal(9), at: .seconds(260)).contains(.bury))
    }

    @Test("what a process said before its end counts, also when it comes after")
    func lastWords() {
        var supervision = Supervision.ready()
        #expect(supervision.tell(.processEnded(1, .signal(11))).isEmpty)
        #expect(supervision.hear(.finished(loopReport(3)), from: 1) == [.passUp])
        #expect(supervision.tell(.processSaidAll(1)).contains(.say(.crashed(reason: Supervision.crash))))
    }

    @Test("what comes late from a process that is gone changes nothing")
    func late() {
        var supervision = Supervision.ready()
        _ = supervision.ends(1)
        _ = supervision.tell(.tick)
        let before = supervision.child
        #expect(before?.number == 2)
        #expect(supervision.hear(.goodbye(reason: "late"), from: 1).isEmpty)
        #expect(supervision.ends(1).isEmpty)
        #expect(supervision.tell(.pipeBroke(1, "late")).isEmpty)
        #expect(supervision.tell(.launchFailed(1, "late")).isEmpty)
        #expect(supervision.child == before)
    }

    // MARK: - Crashes

    @Test("a process that ends is told of, and the next tick starts another")
    func crash() {
        var supervision = Supervision.ready()
        #expect(
            supervision.ends(1) == [
                .bury, crashLog("crashed (signal 11, segmentation fault)"), .say(.crashed(reason: Supervision.crash)),
            ])
        #expect(supervision.tell(.tick) == [.launch(2)])
        #expect(supervision.tell(.tick).isEmpty)
        #expect(supervision.nextLaunch == nil)
    }

    @Test("one that ended before it was ready is replaced a second later for each of its kind")
    func pauses() {
        var supervision = Supervision()
        _ = supervision.tell(.begun)
        _ = supervision.ends(1, at: .seconds(10))
        #expect(supervision.tell(.tick, at: .milliseconds(10_999)).isEmpty)
        #expect(supervision.tell(.tick, at: .seconds(11)) == [.launch(2)])
        _ = supervision.ends(2, at: .seconds(20))
        #expect(supervision.tell(.tick, at: .milliseconds(21_999)).isEmpty)
        #expect(supervision.tell(.tick, at: .seconds(22)) == [.launch(3)])
    }

    @Test("three that end before one is ready, and the rank takes no further part", arguments: [true, false])
    func hopeless(starts: Bool) {
        var supervision = Supervision.ready()
        _ = supervision.ends(1)
        var last: [Action] = []
        for number in 2...4 {
            let now = Duration.seconds(10 * number)
            #expect(supervision.tell(.tick, at: now) == [.launch(number)])
            last =
                starts ? supervision.ends(number, at: now) : supervision.tell(.launchFailed(number, "is none"), at: now)
        }
        let how = starts ? Supervision.crash : "it is none"
        #expect(
            last.suffix(3) == [
                .say(.crashed(reason: how)),
                .log(.error, "4 processes of this rank ended one after the other; it takes no further part"),
                .say(.goodbye(reason: "4 of its processes ended one after the other, the last: \(how)")),
            ])
        // It goes on asking whether the coordinator is there, and starts nothing.
        #expect(supervision.tell(.tick, at: .seconds(99)) == [.say(.heartbeat(batch: nil, fraction: 0))])
    }

    @Test("ten that end before one finishes a batch, and the rank takes no further part; a finished batch begins anew")
    func crashes() {
        var supervision = Supervision.ready()
        _ = supervision.hear(.finished(loopReport(1)), from: 1)
        for number in 1...10 {
            #expect(!supervision.hasLeft)
            _ = supervision.hear(.ready(credit: 2), from: number)
            _ = supervision.ends(number)
            _ = supervision.tell(.tick)
        }
        #expect(supervision.hasLeft && supervision.child == nil && supervision.launched == 10)
        var other = Supervision.ready()
        for number in 1...20 {
            _ = other.hear(.ready(credit: 2), from: number)
            if number % 9 == 0 { _ = other.hear(.finished(loopReport(number)), from: number) }
            _ = other.ends(number)
            _ = other.tell(.tick)
        }
        #expect(!other.hasLeft && other.child?.number == 21)
    }

    @Test("before the welcome there is no epoch, and nothing is said")
    func unwelcomed() {
        var supervision = Supervision()
        _ = supervision.tell(.begun)
        #expect(supervision.ends(1) == [.bury, crashLog("crashed (signal 11, segmentation fault)")])
    }

    // MARK: - What hangs

    @Test("a process that is not heard for 30 s is ended, once, and does not need to have said all")
    func silence() {
        var supervision = Supervision.ready()
        _ = supervision.hear(.heartbeat(batch: nil, fraction: 0), from: 1, at: .seconds(5))
        #expect(supervision.tell(.tick, at: .seconds(35)).isEmpty)
        #expect(
            supervision.tell(.tick, at: .seconds(36)) == [
                .log(.error, "the process of this rank was silent for 30.0 seconds; it is ended"), .kill,
            ])
        #expect(supervision.tell(.tick, at: .seconds(37)).isEmpty)
        #expect(
            supervision.tell(.processEnded(1, .signal(9)), at: .seconds(37)).last
                == .say(.crashed(reason: "it was silent for 30.0 seconds")))
    }

    @Test("a process that ended and whose pipe somebody else holds open is given up after 30 s of silence")
    func heldOpen() {
        var supervision = Supervision.ready()
        #expect(supervision.tell(.processEnded(1, .code(0))).isEmpty)
        #expect(
            supervision.tell(.tick, at: .seconds(31)).suffix(3) == [
                .bury, crashLog("was silent for 30.0 seconds"),
                .say(.crashed(reason: "it was silent for 30.0 seconds")),
            ])
    }

    @Test("a process that gets no further for half an hour is ended; any change is progress")
    func stall() {
        var supervision = Supervision.ready()
        var now = Duration.zero
        func isKilled(after said: [WorkerMessage]) -> Bool {
            for message in said { _ = supervision.hear(message, from: 1, at: now) }
            now += .seconds(1700)
            _ = supervision.hear(.hello(loopIdentity), from: 1, at: now)
            return !supervision.tell(.tick, at: now).isEmpty
        }
        #expect(!isKilled(after: [.started(batch: 7)]))
        #expect(!isKilled(after: [.heartbeat(batch: 7, fraction: 0.5)]))
        #expect(!isKilled(after: [.heartbeat(batch: 7, fraction: 0.6)]))
        #expect(!isKilled(after: [.sampleBegun(batch: 7, sample: 1)]))
        #expect(!isKilled(after: [.heartbeat(batch: 8, fraction: 0)]))
        for end: WorkerMessage in [
            .finished(loopReport(8)), .released(batch: 8), .heartbeat(batch: nil, fraction: 0),
            .failed(batch: 8, BatchFailure(kind: "k", message: "m", retryable: true)),
        ] {
            #expect(!isKilled(after: [.started(batch: 8), end]))
            #expect(!isKilled(after: []))
        }
        #expect(!isKilled(after: [.started(batch: 9), .heartbeat(batch: 9, fraction: 0)]))
        // The same again is none.
        #expect(isKilled(after: [.heartbeat(batch: 9, fraction: 0)]))
        #expect(supervision.child?.killedFor == "made no progress with batch 9 for 1800.0 seconds")
    }

    @Test("a process whose pipe broke is ended")
    func brokenPipe() {
        var supervision = Supervision.ready()
        #expect(supervision.tell(.pipeBroke(1, "talks nonsense")).last == .kill)
        #expect(
            supervision.tell(.processEnded(1, .signal(9))).last == .say(.crashed(reason: "it talks nonsense")))
    }
}
