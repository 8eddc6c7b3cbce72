import TestSupport
import Testing

@testable import Coordinator

/// A worker's runner and coordinator as the agenda cannot see them: what really runs, and what was said.
private struct AgendaWorld {
    var agenda = WorkerAgenda()
    var random: SplitMix64
    var now = Duration.zero
    /// Batches that were taken and of which nothing final was said.
    var open: [Int: BatchOrder] = [:]
    /// Those of them that wait, with their inputs read.
    var ahead: [Int] = []
    /// Those of them that run.
    var running: [Int: Run] = [:]
    var lastStarted: Int?
    var inHand: Int?
    var beatEpoch: UInt64 = 0
    var preparations = 0
    var goodbyes = 0
    var hasAwaitedDiscards = false
    /// How batches ended.
    var ends: Set<String> = []

    struct Run {
        let isolation: BatchOrder.Isolation
        var isComputed = false
        var isCancelled = false
    }

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func send(_ event: WorkerAgenda.Event) throws {
        now += .milliseconds(Int.random(in: 0...2000, using: &random))
        let wasOver = agenda.isOver
        let actions = agenda.handle(event, at: now)
        try require(!wasOver || actions.isEmpty, "\(actions) after the end, at \(event)")
        for action in actions { try obey(action, after: event) }
        try require(lastStarted == nil, "batch \(lastStarted ?? 0) was said to begin and did not, at \(event)")
        try require(agenda.ahead.map(\.batch) == ahead, "\(ahead) wait, after \(event)")
        try require(Set(agenda.running.map(\.order.batch)) == Set(running.keys), "\(running) run, after \(event)")
        try require(open.count == ahead.count + running.count, "\(open.keys.sorted()) were forgotten at \(event)")
        let computing = running.filter { !$0.value.isComputed }.keys.sorted()
        try require(computing.count <= 1, "\(computing) are computed at once, after \(event)")
        let told = running.isEmpty ? nil : computing.first ?? running.keys.first { $0 == inHand } ?? running.keys.first
        try require(inHand == told, "hearts tell \(inHand as Any), after \(event)")
        try require(beatEpoch == agenda.epoch, "hearts beat in epoch \(beatEpoch)")
        try require(!running.isEmpty || ahead.isEmpty, "\(ahead) wait for nobody, after \(event)")
        if agenda.outcome != nil {
            try require(ahead.isEmpty && running.values.allSatisfy(\.isCancelled), "\(running) goes on after \(event)")
            try require(agenda.hasDeparted == running.isEmpty, "departed with \(running)")
        }
        if agenda.isOver { try require(open.isEmpty, "left with \(open.keys.sorted())") }
    }

    private mutating func obey(_ action: WorkerAgenda.Action, after event: WorkerAgenda.Event) throws {
        switch action {
        case .say(let message): try hear(message, after: event)
        case .adopt(let epoch): beatEpoch = epoch
        case .inHand(let batch): inHand = batch
        case .prepare:
            preparations += 1
            try require(preparations == 1 && agenda.epoch != 0, "the runner gets ready again")
        case .prefetch(let batch):
            guard case .said(.assign(let order), _) = event, order.batch == batch, open[batch] == nil else {
                throw violation("batch \(batch) is read at \(event)")
            }
            try require(takesBatches, "batch \(batch) is taken at \(event)")
            open[batch] = order
            ahead.append(batch)
        case .run(let order):
            try require(lastStarted == order.batch, "batch \(order.batch) begins and nobody was told")
            lastStarted = nil
            try require(takesBatches, "batch \(order.batch) begins at \(event)")
            try require(ahead.first == order.batch && open[order.batch] == order, "it was not the turn of \(order)")
            try require(running.values.allSatisfy(\.isComputed), "\(order) begins beside \(running)")
            try require(
                running.isEmpty || order.isolation == .none && running.values.allSatisfy { $0.isolation == .none },
                "\(order) shares its process with \(running)")
            ahead.removeFirst()
            running[order.batch] = Run(isolation: order.isolation)
        case .cancel(let batch):
            try require(running[batch]?.isCancelled == false, "batch \(batch) is cancelled at \(event)")
            running[batch]?.isCancelled = true
        case .discard(let batch):
            guard let index = ahead.firstIndex(of: batch) else { throw violation("\(batch) is let go of at \(event)") }
            ahead.remove(at: index)
            // Where the coordinator knows that the worker is out, nothing is said of it.
            if agenda.outcome != nil || agenda.failure != nil { try settle(batch, "dropped") }
        case .awaitDiscards:
            try require(running.isEmpty && agenda.outcome != nil && !hasAwaitedDiscards, "it leaves at \(event)")
            hasAwaitedDiscards = true
        case .answer, .log: break
        }
    }

    private var takesBatches: Bool {
        agenda.isPrepared && agenda.failure == nil && agenda.outcome == nil && !agenda.isDraining && goodbyes == 0
    }

    private mutating func hear(_ message: WorkerMessage, after event: WorkerAgenda.Event) throws {
        try require(agenda.epoch != 0, "\(message) before the welcome")
        if goodbyes > 0 { try require(isAnswer(message, to: event), "\(message) after the goodbye, at \(event)") }
        switch message {
        case .ready(let credit):
            try require(preparations == 1 && credit == (agenda.isDraining ? 0 : 2), "\(message) at \(event)")
        case .started(let batch): lastStarted = batch
        case .finished(let report): try settle(report.batch, "finished")
        case .failed(let batch, _): try settle(batch, "failed")
        case .released(let batch):
            guard open[batch] == nil else { return try settle(batch, "released") }
            try require(isAnswer(message, to: event), "\(message) at \(event)")
        case .goodbye:
            goodbyes += 1
            try require(goodbyes == 1 && open.isEmpty, "goodbye with \(open.keys.sorted()), at \(event)")
        default: throw violation("\(message) is not the agenda's to say")
        }
    }

    /// Who asks about a batch that is not there is told so at any time.
    private func isAnswer(_ message: WorkerMessage, to event: WorkerAgenda.Event) -> Bool {
        guard case .released(let batch) = message, case .said(let said, _) = event else { return false }
        return switch said {
        case .assign(let order): order.batch == batch
        case .cancel(let other): other == batch
        default: false
        }
    }

    private mutating func settle(_ batch: Int, _ how: String) throws {
        guard open.removeValue(forKey: batch) != nil else { throw violation("batch \(batch) \(how) a second time") }
        ends.insert(how)
    }

    private func violation(_ text: String) -> AgendaViolation { AgendaViolation(description: text) }

    private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw violation(message()) }
    }

    /// One random thing that can happen, or one that should not.
    mutating func step() throws {
        let batch = Int.random(in: 1...6, using: &random)
        let isolation = BatchOrder.Isolation(rawValue: UInt8(max(0, Int.random(in: -4...2, using: &random)))) ?? .none
        switch Int.random(in: 0..<200, using: &random) {
        case ..<6: try send(.said(.welcome, epoch: 5))
        case ..<18 where preparations == 1 && !agenda.isPrepared:
            // Once, as the runner is asked once.
            guard agenda.failure == nil else { return }
            try send(Int.random(in: 0..<8, using: &random) > 0 ? .prepared : .unprepared("no models"))
        case ..<80: try send(.said(.assign(BatchOrder(batch: batch, isolation: isolation)), epoch: 5))
        case ..<100: try send(.said(.cancel(batch: batch), epoch: 5))
        case ..<130:
            if running[batch]?.isolation == BatchOrder.Isolation.none { running[batch]?.isComputed = true }
            try send(.computed(batch: batch))
        case ..<176: if running[batch] != nil { try end(batch) }
        case ..<178: try send(.said(.drain, epoch: 5))
        case ..<179: try send(.drainRequested)
        case ..<182:
            let odd: [CoordinatorMessage] = [.stop(.stopped), .drain, .assign(BatchOrder(batch: 1))]
            try send(.said(odd.randomElement(using: &random) ?? .alive, epoch: 4))
        case ..<184: try send(.said(.segment(batch: batch, .stored(published: true)), epoch: 5))
        case ..<185: try send(.said(.dismiss(everyoneAlive: true), epoch: 5))
        case ..<187:
            let reasons: [StopReason] = [.finished, .stopped, .refused("no")]
            try send(.said(.stop(reasons.randomElement(using: &random) ?? .stopped), epoch: 5))
        case ..<188: try send(.coordinatorLost("it died"))
        case ..<190: try send(.ended(batch: 9, .done(loopReport(9))))
        case ..<195: try send(.said(.alive, epoch: 5))
        default: try send(.tick)
        }
    }

    /// What runs ends, in one of the ways in which it can.
    private mutating func end(_ batch: Int) throws {
        let isCancelled = running.removeValue(forKey: batch)?.isCancelled == true
        let end: WorkerAgenda.BatchEnd =
            switch Int.random(in: 0..<20, using: &random) {
            case ..<9 where !isCancelled, ..<3: .done(loopReport(batch))
            case ..<10: .done(loopReport(batch + 1))
            case ..<11: .unfit(WorkerUnfit("the disk is full"))
            default: .failed(BatchFailure(kind: "k", message: "m", retryable: true))
            }
        // The goodbye that follows tells of it.
        if case .unfit = end, !isCancelled { try settle(batch, "dropped") }
        try send(.ended(batch: batch, end))
    }

    /// The run ends, and everybody does what is asked.
    mutating func settleDown() throws {
        let epoch = agenda.epoch == 0 ? 5 : agenda.epoch
        try send(.said(.stop(.finished), epoch: epoch))
        for batch in running.keys.sorted() { try end(batch) }
        try send(.said(.dismiss(everyoneAlive: true), epoch: epoch))
        try require(agenda.isOver, "it stays after the dismissal")
    }
}

private struct AgendaViolation: Error, CustomStringConvertible {
    let description: String
}

@Suite("Worker agenda: properties over random event sequences")
struct WorkerAgendaPropertyTests {
    @Test("4000 sequences keep the invariants and end", arguments: 0..<8)
    func invariants(block: Int) {
        var outcomes: Set<String> = []
        var ends: Set<String> = []
        for sequence in 0..<500 {
            let seed = UInt64(block * 500 + sequence)
            var world = AgendaWorld(seed: seed)
            do {
                for _ in 0..<Int.random(in: 0...200, using: &world.random) { try world.step() }
                try world.settleDown()
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
            outcomes.insert("\(world.agenda.outcome.map { "\($0)".prefix(18) } ?? "none")")
            ends.formUnion(world.ends)
        }
        #expect(outcomes.count == 5)
        #expect(ends == ["finished", "failed", "released", "dropped"])
    }
}
