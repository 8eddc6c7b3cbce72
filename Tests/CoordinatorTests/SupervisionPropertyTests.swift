import TestSupport
import Testing

@testable import Coordinator

/// Processes and a coordinator as the supervision cannot see them.
private struct SupervisionWorld {
    var supervision = Supervision()
    var random: SplitMix64
    var now = Duration.zero
    /// A process that was started and not let go of.
    var process: Process?
    /// What processes that are gone may still have told: it comes late, or never.
    var late: [Supervision.Event] = []
    var launched = 0
    /// Since a process was ready, and since one finished a batch.
    var launchesInVain = 0
    var launchesForNothing = 0
    /// When the next may be started.
    var pauseEnds = Duration.zero
    /// Whether processes of this sequence ever finish a batch.
    let areUseful: Bool
    var isToldOfStop = false
    var goodbyes = 0
    var crashesTold = 0
    var crashesSeen = 0

    private static let closed = "it was closed"

    struct Process {
        let number: Int
        /// What its end will tell, in whichever order it comes; nil while it lives.
        var lastWords: [Supervision.Event]?
        var hasSaidAll = false
        var hasEnded = false
        var wasKilled = false
        /// Whether what it still says does not matter.
        var isGivenUp = false
        var saidGoodbye = false
    }

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        areUseful = Bool.random(using: &random)
    }

    mutating func send(_ event: Supervision.Event) throws {
        now += .milliseconds(Int.random(in: 0...3000, using: &random))
        let wasOver = supervision.isOver
        let actions = supervision.handle(event, at: now)
        try require(!wasOver || actions.isEmpty, "\(actions) after the end, at \(event)")
        for action in actions { try obey(action, after: event) }
        try require(
            supervision.child?.number == process?.number, "it watches \(supervision.child as Any) after \(event)")
        try require(supervision.launched == launched, "\(supervision.launched) were launched, and really \(launched)")
        try require(!supervision.isOver || process == nil, "left with a process, after \(event)")
        if supervision.lost != nil, let process {
            try require(process.wasKilled, "\(process) goes on without a coordinator, after \(event)")
        }
        try require(crashesTold <= crashesSeen, "a crash was told of twice, at \(event)")
    }

    private mutating func obey(_ action: Supervision.Action, after event: Supervision.Event) throws {
        switch action {
        case .launch(let number):
            try require(process == nil, "process \(number) beside \(process as Any), at \(event)")
            try require(!isToldOfStop && goodbyes == 0, "process \(number) after the end, at \(event)")
            try require(supervision.lost == nil && supervision.dismissal == nil, "process \(number) at \(event)")
            try require(now >= pauseEnds, "process \(number) at \(now), before \(pauseEnds)")
            launched += 1
            launchesInVain += 1
            launchesForNothing += 1
            try require(number == launched, "process \(number) is the one with number \(launched)")
            try require(launchesInVain <= 3 && launchesForNothing <= 10, "process \(number) in vain, at \(event)")
            process = Process(number: number)
            if Int.random(in: 0..<8, using: &random) == 0 {
                process = nil
                crashesSeen += 1
                pauseEnds = now + .seconds(launchesInVain)
                try send(.launchFailed(number, "could not be started"))
            }
        case .kill:
            guard let killed = process else { throw violation("nothing to kill at \(event)") }
            try require(!killed.wasKilled || supervision.lost != nil, "killed \(killed) again at \(event)")
            process?.wasKilled = true
            if event != .coordinatorDied, event != .connectionBroke(Self.closed) { process?.isGivenUp = true }
            if process?.lastWords == nil { die(.signal(9)) }
        case .bury:
            guard let buried = process else { throw violation("nothing to let go of at \(event)") }
            try require(buried.hasEnded && (buried.hasSaidAll || buried.isGivenUp), "let go of \(buried) at \(event)")
            late += buried.lastWords ?? []
            if !buried.saidGoodbye { crashesSeen += 1 }
            pauseEnds = now + .seconds(launchesInVain)
            process = nil
        case .passDown:
            guard case .coordinatorSaid = event, process != nil else { throw violation("passed down at \(event)") }
        case .passUp:
            guard case .processSaid(process?.number, _) = event else { throw violation("passed up at \(event)") }
        case .say(let message): try hear(message, after: event)
        case .log: break
        }
    }

    private mutating func hear(_ message: WorkerMessage, after event: Supervision.Event) throws {
        try require(supervision.epoch != 0, "\(message) before the welcome")
        // While there is a process, the process speaks.
        try require(process == nil, "\(message) for \(process as Any), at \(event)")
        switch message {
        case .crashed:
            crashesTold += 1
            try require(isExpected && goodbyes == 0 && !isToldOfStop, "\(message) at \(event)")
        case .goodbye:
            goodbyes += 1
            try require(isExpected && goodbyes == 1, "\(message) at \(event)")
        case .heartbeat(let batch, _): try require(batch == nil && event == .tick, "\(message) at \(event)")
        default: throw violation("\(message) is not the supervision's to say")
        }
    }

    /// Whether anybody waits to hear how the rank is.
    private var isExpected: Bool { supervision.lost == nil && supervision.dismissal == nil }

    /// The process ends; its last words come in one order or the other.
    private mutating func die(_ exit: ChildExit) {
        guard let number = process?.number else { return }
        let words: [Supervision.Event] = [.processSaidAll(number), .processEnded(number, exit)]
        process?.lastWords = Bool.random(using: &random) ? words : words.reversed()
    }

    private mutating func hearLastWord() throws {
        guard process?.lastWords?.isEmpty == false, let word = process?.lastWords?.removeFirst() else { return }
        if case .processEnded = word { process?.hasEnded = true } else { process?.hasSaidAll = true }
        try send(word)
    }

    private mutating func say(_ message: WorkerMessage?) throws {
        // What was said before the end may come after the exit, but not after the end of the pipe.
        guard let process, process.lastWords?.contains(.processSaidAll(process.number)) != false else { return }
        switch message {
        case .ready: launchesInVain = 0
        case .finished: launchesForNothing = 0
        case .goodbye:
            self.process?.saidGoodbye = true
            goodbyes += 1
        default: break
        }
        try send(.processSaid(process.number, message.map { WireMessage(epoch: 5, .worker($0)) }))
    }

    private mutating func hear(_ message: CoordinatorMessage) throws {
        if case .stop = message { isToldOfStop = true }
        try send(.coordinatorSaid(WireMessage(epoch: 5, .coordinator(message))))
    }

    private func violation(_ text: String) -> SupervisionViolation { SupervisionViolation(description: text) }

    private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw violation(message()) }
    }

    /// One random thing that can happen, or one that should not.
    mutating func step() throws {
        let batch = Int.random(in: 1...3, using: &random)
        let old = Int.random(in: 0...launched, using: &random)
        switch Int.random(in: 0..<1000, using: &random) {
        case ..<100: try hear(.welcome)
        case ..<150:
            try hear([.alive, .assign(BatchOrder(batch: batch)), .drain].randomElement(using: &random) ?? .alive)
        case ..<151: try hear(.stop([.finished, .stopped, .refused("no")].randomElement(using: &random) ?? .stopped))
        case ..<152 where Bool.random(using: &random): try hear(.dismiss(everyoneAlive: true))
        case ..<153 where Bool.random(using: &random):
            try send(Bool.random(using: &random) ? .coordinatorDied : .connectionBroke(Self.closed))
        case ..<160: try send(.coordinatorSaid(nil))
        case ..<260: try say(.ready(credit: 2))
        case ..<360: try say(.started(batch: batch))
        case ..<410: try say(.heartbeat(batch: batch, fraction: 0.5))
        case ..<450: if areUseful { try say(.finished(loopReport(batch))) }
        case ..<452: if process?.saidGoodbye == false { try say(.goodbye(reason: "the disk is full")) }
        case ..<470: try say(nil)
        case ..<570:
            guard process?.lastWords == nil else { return }
            die([.signal(11), .code(0), .signal(9)].randomElement(using: &random) ?? .code(1))
        case ..<571:
            guard process?.lastWords == nil else { return }
            die(.code(ChildExit.coordinatorLost))
        case ..<575: if let process, process.lastWords == nil { try send(.pipeBroke(process.number, "talks nonsense")) }
        case ..<765: try hearLastWord()
        case ..<790: if !late.isEmpty { try send(late.removeFirst()) }
        case ..<815 where old != process?.number:
            let word = WireMessage(epoch: 5, .worker(.goodbye(reason: "late")))
            let words: [Supervision.Event] = [
                .processSaid(old, word), .processSaidAll(old), .processEnded(old, .code(0)), .pipeBroke(old, "late"),
                .launchFailed(old, "late"),
            ]
            try send(words.randomElement(using: &random) ?? .tick)
        case ..<818: now += .seconds(40)
        default: try send(.tick)
        }
    }

    /// The rank is dismissed; a process that does not end by itself is ended.
    mutating func settleDown() throws {
        try hear(.dismiss(everyoneAlive: true))
        for _ in 0..<20 where !supervision.isOver {
            now += .seconds(10)
            try send(.tick)
            try hearLastWord()
        }
        try require(supervision.isOver && process == nil, "it stays with \(process as Any)")
    }
}

private struct SupervisionViolation: Error, CustomStringConvertible {
    let description: String
}

@Suite("Supervision: properties over random event sequences")
struct SupervisionPropertyTests {
    @Test("4000 sequences keep the invariants and end", arguments: 0..<8)
    func invariants(block: Int) {
        var outcomes: Set<String> = []
        var mostLaunches = 0
        var retired = 0
        for sequence in 0..<500 {
            let seed = UInt64(block * 500 + sequence)
            var world = SupervisionWorld(seed: seed)
            do {
                try world.send(.begun)
                for _ in 0..<Int.random(in: 0...600, using: &world.random) { try world.step() }
                try world.settleDown()
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
            outcomes.insert("\("\(world.supervision.end.outcome)".prefix(22))")
            mostLaunches = max(mostLaunches, world.launched)
            if world.supervision.crashesAtStart == 3 || world.supervision.crashes == 10 { retired += 1 }
        }
        // The sequences go where the rules are.
        #expect(outcomes.count == 4)
        #expect(mostLaunches >= 10 && retired >= 10)
    }
}
