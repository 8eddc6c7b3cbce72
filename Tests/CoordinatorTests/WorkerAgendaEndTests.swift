import Logging
import Testing

@testable import Coordinator

@Suite("Worker agenda: draining, retiring and the end")
struct WorkerAgendaEndTests {
    private static let failure = BatchFailure(kind: "k", message: "m", retryable: true)
    private static let goodbye = WorkerAgenda.Action.say(.goodbye(reason: "All batches are done."))

    @Test("a drain returns what is not begun, finishes what runs and takes nothing", arguments: [true, false])
    func drain(byItself: Bool) {
        var agenda = WorkerAgenda.ready(1, 2)
        #expect(
            (byItself ? agenda.tell(.drainRequested) : agenda.hear(.drain)) == [
                .say(.ready(credit: 0)), .discard(batch: 2), .say(.released(batch: 2)),
            ])
        #expect(agenda.hear(.drain).isEmpty)
        #expect(agenda.assign(3) == [.say(.released(batch: 3))])
        #expect(agenda.end(1) == [.inHand(batch: nil), .say(.finished(loopReport(1)))])
        #expect(!agenda.isOver && agenda.outcome == nil)
    }

    @Test("a drain before the runner is ready is told when it is")
    func earlyDrain() {
        var agenda = WorkerAgenda()
        _ = agenda.hear(.welcome)
        #expect(agenda.tell(.drainRequested).isEmpty)
        #expect(agenda.tell(.prepared) == [.say(.ready(credit: 0))])
    }

    @Test("a worker that is unfit gives up all that it holds, and only then says why")
    func unfit() {
        var agenda = WorkerAgenda.ready(1, 2)
        _ = agenda.tell(.computed(batch: 1))
        _ = agenda.assign(3)
        let why = "the disk is full"
        #expect(
            agenda.end(1, .unfit(WorkerUnfit(why, mayPass: true))) == [
                .log(.error, "this worker takes no further part: the disk is full"), .discard(batch: 3),
                .cancel(batch: 2),
            ])
        #expect(
            agenda.end(2, .failed(Self.failure)) == [
                .inHand(batch: nil), .say(.released(batch: 2)), .say(.goodbye(reason: why, mayPass: true)),
            ])
        #expect(agenda.assign(4) == [.say(.released(batch: 4))])
        // It has said goodbye already.
        #expect(agenda.hear(.stop(.finished)) == [.awaitDiscards])
        #expect(agenda.outcome == .unprepared(why))
    }

    @Test("a worker that cannot get ready says why, and stays")
    func unprepared() {
        var agenda = WorkerAgenda()
        _ = agenda.hear(.welcome)
        #expect(agenda.tell(.unprepared("no models")).last == .say(.goodbye(reason: "no models")))
        #expect(agenda.outcome == nil && !agenda.isOver)
    }

    // MARK: - The end

    @Test("a stop gives up what runs; the goodbye comes when that has ended, the end with the dismissal")
    func stop() {
        var agenda = WorkerAgenda.ready(1, 2)
        #expect(agenda.hear(.stop(.finished)) == [.discard(batch: 2), .cancel(batch: 1)])
        #expect(agenda.assign(3).isEmpty)
        #expect(
            agenda.end(1, .failed(Self.failure)) == [
                .inHand(batch: nil), .say(.released(batch: 1)), .awaitDiscards, Self.goodbye,
            ])
        #expect(!agenda.isOver)
        #expect(agenda.hear(.dismiss(everyoneAlive: true)).isEmpty)
        #expect(agenda.isOver && agenda.outcome == .finished && agenda.everyoneAlive)
    }

    @Test("a stop while the runner gets ready ends it; that it is ready then changes nothing")
    func stopWhilePreparing() {
        var agenda = WorkerAgenda()
        _ = agenda.hear(.welcome)
        #expect(agenda.hear(.stop(.finished)) == [.awaitDiscards, Self.goodbye])
        #expect(agenda.tell(.prepared).isEmpty)
        #expect(agenda.tell(.unprepared("no models")).isEmpty)
        #expect(agenda.tell(.drainRequested).isEmpty)
    }

    @Test("a stop before the welcome is heard, and the goodbye belongs to its epoch")
    func earlyStop() {
        var agenda = WorkerAgenda()
        #expect(
            agenda.hear(.stop(.refused("no"))) == [
                .adopt(epoch: 5), .awaitDiscards, .say(.goodbye(reason: "The coordinator refused this worker: no.")),
            ])
        #expect(agenda.hear(.welcome).isEmpty)
        #expect(agenda.outcome == .refused("no"))
    }

    @Test("a dismissal waits for what runs")
    func earlyDismissal() {
        var agenda = WorkerAgenda.ready(1)
        _ = agenda.hear(.stop(.stopped))
        _ = agenda.hear(.dismiss(everyoneAlive: false))
        #expect(!agenda.isOver)
        _ = agenda.end(1)
        #expect(agenda.isOver && agenda.outcome == .stopped && !agenda.everyoneAlive)
    }

    @Test("a lost coordinator ends it without a goodbye, when what runs has ended")
    func lost() {
        var agenda = WorkerAgenda.ready(1, 2)
        #expect(agenda.tell(.coordinatorLost("it died")) == [.discard(batch: 2), .cancel(batch: 1)])
        #expect(!agenda.isOver)
        #expect(agenda.end(1, .failed(Self.failure)).last == .awaitDiscards)
        #expect(agenda.isOver && agenda.outcome == .coordinatorLost("it died") && !agenda.everyoneAlive)
    }

    @Test("an outcome that is known stays when the coordinator is lost")
    func lostAfterStop() {
        var agenda = WorkerAgenda.ready()
        _ = agenda.hear(.stop(.finished))
        #expect(agenda.tell(.coordinatorLost("it died")).isEmpty)
        #expect(agenda.isOver && agenda.outcome == .finished)
    }

    @Test("a coordinator that is silent for ten minutes is lost; after its stop one minute is enough")
    func silence() {
        var agenda = WorkerAgenda.ready()
        _ = agenda.hear(.alive, at: .seconds(100))
        _ = agenda.tell(.tick, at: .seconds(700))
        #expect(agenda.outcome == nil)
        var stopped = agenda
        _ = agenda.tell(.tick, at: .milliseconds(700_001))
        #expect(agenda.outcome == .coordinatorLost("it was silent for 600.001 seconds"))
        _ = stopped.hear(.stop(.finished), at: .seconds(700))
        _ = stopped.tell(.tick, at: .seconds(760))
        #expect(!stopped.isOver)
        _ = stopped.tell(.tick, at: .seconds(761))
        #expect(stopped.isOver && stopped.outcome == .finished)
    }

    @Test("a worker that was refused waits while the others work")
    func refusedWaits() {
        var agenda = WorkerAgenda()
        _ = agenda.hear(.stop(.refused("no")))
        _ = agenda.tell(.tick, at: .seconds(600))
        #expect(!agenda.isOver)
        _ = agenda.tell(.tick, at: .seconds(601))
        #expect(agenda.isOver)
    }

    @Test("nothing is done after the end")
    func after() {
        var agenda = WorkerAgenda.ready()
        _ = agenda.hear(.stop(.finished))
        _ = agenda.hear(.dismiss(everyoneAlive: true))
        for event: WorkerAgenda.Event in [
            .said(.cancel(batch: 1), epoch: 5), .said(.welcome, epoch: 6), .coordinatorLost("it died"), .tick,
        ] {
            #expect(agenda.tell(event).isEmpty)
        }
    }
}
