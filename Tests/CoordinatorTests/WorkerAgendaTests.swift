import Logging
import Testing

@testable import Coordinator

/// What tests say to an agenda.
extension WorkerAgenda {
    /// An agenda that was welcomed and is ready, with batches assigned.
    static func ready(_ batches: Int...) -> WorkerAgenda {
        var agenda = WorkerAgenda()
        _ = agenda.hear(.welcome)
        _ = agenda.tell(.prepared)
        for batch in batches { _ = agenda.assign(batch) }
        return agenda
    }

    mutating func hear(_ message: CoordinatorMessage, epoch: UInt64 = 5, at now: Duration = .zero) -> [Action] {
        handle(.said(message, epoch: epoch), at: now)
    }

    mutating func assign(_ batch: Int, _ isolation: BatchOrder.Isolation = .none) -> [Action] {
        hear(.assign(BatchOrder(batch: batch, isolation: isolation)))
    }

    mutating func end(_ batch: Int, _ end: BatchEnd? = nil) -> [Action] {
        handle(.ended(batch: batch, end ?? .done(loopReport(batch))), at: .zero)
    }

    mutating func tell(_ event: Event, at now: Duration = .zero) -> [Action] { handle(event, at: now) }

    /// What a batch is begun with.
    static func begin(_ batch: Int, _ isolation: BatchOrder.Isolation = .none) -> [Action] {
        [
            .inHand(batch: batch), .say(.started(batch: batch)),
            .run(BatchOrder(batch: batch, isolation: isolation)),
        ]
    }
}

@Suite("Worker agenda: batches")
struct WorkerAgendaTests {
    private static let failure = BatchFailure(kind: "k", message: "m", retryable: true)

    // MARK: - Coming

    @Test("the first welcome gives the epoch and has the runner get ready; a second changes nothing")
    func welcome() {
        var agenda = WorkerAgenda()
        #expect(agenda.hear(.welcome) == [.adopt(epoch: 5), .prepare])
        #expect(agenda.hear(.welcome, epoch: 6).isEmpty)
        #expect(agenda.epoch == 5)
        #expect(agenda.tell(.prepared) == [.say(.ready(credit: 2))])
    }

    @Test("a batch that comes before the runner is ready is returned")
    func early() {
        var agenda = WorkerAgenda()
        _ = agenda.hear(.welcome)
        #expect(agenda.assign(1) == [.say(.released(batch: 1))])
    }

    @Test("what belongs to another epoch is dropped, and still tells that somebody is there")
    func otherEpoch() {
        var agenda = WorkerAgenda.ready()
        let order = CoordinatorMessage.assign(BatchOrder(batch: 1))
        #expect(
            agenda.hear(order, epoch: 4, at: .seconds(9)) == [
                .log(.info, "a message of the coordinator from epoch 4 is dropped")
            ])
        #expect(agenda.hear(.stop(.stopped), epoch: 4).count == 1)
        #expect(agenda.ahead.isEmpty && agenda.running.isEmpty && agenda.outcome == nil)
        #expect(agenda.lastHeard == .seconds(9))
    }

    // MARK: - Batches

    @Test("a batch begins when the device is free, and says so before")
    func begin() {
        var agenda = WorkerAgenda.ready()
        #expect(agenda.assign(1) == [.prefetch(batch: 1)] + WorkerAgenda.begin(1))
        #expect(agenda.assign(2) == [.prefetch(batch: 2)])
        #expect(agenda.tell(.computed(batch: 1)) == WorkerAgenda.begin(2))
        // The first is still to be published.
        #expect(agenda.running.map(\.order.batch) == [1, 2])
        #expect(agenda.computing == 2)
        #expect(agenda.end(1) == [.say(.finished(loopReport(1)))])
        #expect(agenda.end(2) == [.inHand(batch: nil), .say(.finished(loopReport(2)))])
    }

    @Test("the end of a batch that does not say that it is computed lets the next begin")
    func endsWithoutWord() {
        var agenda = WorkerAgenda.ready(1, 2)
        #expect(agenda.end(1) == [.inHand(batch: nil), .say(.finished(loopReport(1)))] + WorkerAgenda.begin(2))
        // A word about one that does not have the device any more changes nothing.
        #expect(agenda.tell(.computed(batch: 1)).isEmpty)
        #expect(agenda.end(1).isEmpty)
        #expect(agenda.computing == 2)
    }

    @Test("heartbeats tell what is published when nothing is computed")
    func inHand() {
        var agenda = WorkerAgenda.ready(1, 2)
        _ = agenda.tell(.computed(batch: 1))
        #expect(agenda.tell(.computed(batch: 2)).isEmpty)
        #expect(agenda.end(2) == [.inHand(batch: 1), .say(.finished(loopReport(2)))])
    }

    @Test("a batch that is assigned again while it is held is held once")
    func twice() {
        var agenda = WorkerAgenda.ready(1, 2)
        #expect(agenda.assign(1).isEmpty)
        #expect(agenda.assign(2).isEmpty)
        #expect(agenda.ahead.map(\.batch) == [2])
    }

    @Test("a batch that took a process with it shares none", arguments: [BatchOrder.Isolation.batch, .samples])
    func isolation(isolation: BatchOrder.Isolation) {
        var agenda = WorkerAgenda.ready(1)
        #expect(agenda.assign(2, isolation) == [.prefetch(batch: 2)])
        _ = agenda.assign(3)
        // Not even beside the end of the one before it,
        #expect(agenda.tell(.computed(batch: 1)).isEmpty)
        #expect(agenda.end(1).suffix(3) == WorkerAgenda.begin(2, isolation))
        // and nothing beside its own.
        #expect(agenda.tell(.computed(batch: 2)).isEmpty)
        #expect(agenda.end(2).suffix(3) == WorkerAgenda.begin(3))
    }

    @Test("a cancel has what runs end, and returns what waits and what was never there at once")
    func cancel() {
        var agenda = WorkerAgenda.ready(1, 2)
        #expect(agenda.hear(.cancel(batch: 1)) == [.cancel(batch: 1)])
        #expect(agenda.hear(.cancel(batch: 1)).isEmpty)
        #expect(agenda.hear(.cancel(batch: 2)) == [.discard(batch: 2), .say(.released(batch: 2))])
        #expect(agenda.hear(.cancel(batch: 9)) == [.say(.released(batch: 9))])
        #expect(agenda.assign(3) == [.prefetch(batch: 3)])
        let end = agenda.end(1, WorkerAgenda.BatchEnd(CancellationError()))
        #expect(end == [.inHand(batch: nil), .say(.released(batch: 1))] + WorkerAgenda.begin(3))
    }

    @Test("a cancelled batch that is published counts; one that fails is only returned")
    func cancelledEnds() {
        for (end, said) in [
            (WorkerAgenda.BatchEnd.done(loopReport(1)), WorkerMessage.finished(loopReport(1))),
            (.failed(Self.failure), .released(batch: 1)),
            (.unfit(WorkerUnfit("the disk is full")), .released(batch: 1)),
        ] {
            var agenda = WorkerAgenda.ready(1)
            _ = agenda.hear(.cancel(batch: 1))
            #expect(agenda.end(1, end) == [.inHand(batch: nil), .say(said)])
            #expect(agenda.failure == nil)
        }
    }

    @Test("what a runner throws is a failure of the batch, or of the worker")
    func errors() {
        struct Odd: Error {}
        var agenda = WorkerAgenda.ready(1)
        #expect(agenda.end(1, .failed(Self.failure)).last == .say(.failed(batch: 1, Self.failure)))
        #expect(WorkerAgenda.BatchEnd(Self.failure) == .failed(Self.failure))
        #expect(WorkerAgenda.BatchEnd(WorkerUnfit("w")) == .unfit(WorkerUnfit("w")))
        #expect(
            WorkerAgenda.BatchEnd(Odd()) == .failed(BatchFailure(kind: "Odd", message: "Odd()", retryable: true)))
    }

    @Test("a report about another batch is a failure that no retry helps")
    func wrongReport() {
        var agenda = WorkerAgenda.ready(1)
        guard case .say(.failed(1, let failure))? = agenda.end(1, .done(loopReport(2))).last else {
            Issue.record("it was not told")
            return
        }
        #expect(failure.kind == "wrongReport" && !failure.retryable)
    }

    @Test("what the coordinator answers about a segment goes to where the batch is published")
    func segment() {
        var agenda = WorkerAgenda.ready(1)
        #expect(
            agenda.hear(.segment(batch: 1, .stored(published: true))) == [.answer(.stored(published: true), batch: 1)])
    }
}
