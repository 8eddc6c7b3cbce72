import Testing

@testable import Coordinator

@Suite("Supervision: the end")
struct SupervisionEndTests {
    @Test("the rank's part ends when it is dismissed and its process has ended", arguments: [true, false])
    func dismissal(everyoneAlive: Bool) {
        var supervision = Supervision.ready()
        _ = supervision.hear(.stop(.finished))
        #expect(supervision.hear(.goodbye(reason: "done"), from: 1) == [.passUp])
        #expect(supervision.hear(.dismiss(everyoneAlive: everyoneAlive)) == [.passDown])
        #expect(!supervision.isOver)
        #expect(supervision.ends(1, .code(0)) == [.bury])
        #expect(supervision.isOver)
        #expect(supervision.end == WorkerEnd(outcome: .finished, everyoneAlive: everyoneAlive))
    }

    @Test("a process that said goodbye is not replaced, and its end is no crash")
    func leaves() {
        var supervision = Supervision.ready()
        _ = supervision.hear(.goodbye(reason: "the disk is full"), from: 1)
        #expect(supervision.ends(1, .code(0)) == [.bury])
        #expect(supervision.tell(.tick, at: .seconds(9)) == [.say(.heartbeat(batch: nil, fraction: 0))])
        #expect(supervision.hear(.stop(.finished)).isEmpty)
        _ = supervision.hear(.dismiss(everyoneAlive: true))
        #expect(supervision.isOver && supervision.end.everyoneAlive)
    }

    @Test("a process that ends after the stop is a goodbye, and not replaced")
    func endsLate() {
        var supervision = Supervision.ready()
        _ = supervision.hear(.stop(.stopped))
        #expect(supervision.ends(1).last == .say(.goodbye(reason: Supervision.crash)))
        #expect(supervision.tell(.tick, at: .seconds(9)) == [.say(.heartbeat(batch: nil, fraction: 0))])
    }

    @Test("a stop that finds no process is answered with one goodbye, and none is started any more")
    func stopBetween() {
        var supervision = Supervision.ready()
        _ = supervision.ends(1)
        #expect(
            supervision.hear(.stop(.refused("no"))) == [
                .say(.goodbye(reason: "it had no process when the end came"))
            ])
        #expect(supervision.hear(.alive).isEmpty)
        #expect(supervision.tell(.tick) == [.say(.heartbeat(batch: nil, fraction: 0))])
        _ = supervision.hear(.dismiss(everyoneAlive: true))
        #expect(supervision.end == WorkerEnd(outcome: .refused("no"), everyoneAlive: true))
    }

    @Test("a coordinator that died takes the process with it")
    func coordinatorDied() {
        var supervision = Supervision.ready()
        #expect(supervision.tell(.coordinatorDied) == [.kill])
        #expect(supervision.tell(.coordinatorDied).isEmpty)
        #expect(supervision.ends(1, .signal(9)) == [.bury])
        #expect(supervision.isOver)
        #expect(
            supervision.end
                == WorkerEnd(
                    outcome: .coordinatorLost("its process ended or the connection to it broke"), everyoneAlive: false))
    }

    @Test("a connection that breaks after the dismissal is no loss")
    func closes() {
        var supervision = Supervision.ready()
        _ = supervision.hear(.stop(.finished))
        _ = supervision.hear(.dismiss(everyoneAlive: true))
        #expect(supervision.tell(.connectionBroke("it was closed")).isEmpty)
        #expect(supervision.end == WorkerEnd(outcome: .finished, everyoneAlive: true))
        var other = Supervision.ready()
        #expect(other.tell(.connectionBroke("it was closed")) == [.kill])
        #expect(other.end.outcome == .coordinatorLost("it was closed"))
    }

    @Test("a rank whose process lost the coordinator is lost too, and starts no other")
    func orphan() {
        var supervision = Supervision.ready()
        #expect(supervision.ends(1, .code(ChildExit.coordinatorLost)) == [.bury])
        #expect(supervision.isOver)
        #expect(supervision.end.outcome == .coordinatorLost("its process did not hear the coordinator any more"))
    }

    @Test("who listens for the coordinator is the process; without one, the rank gives up after ten minutes")
    func silentCoordinator() {
        var supervision = Supervision.ready()
        _ = supervision.hear(.heartbeat(batch: nil, fraction: 0), from: 1, at: .seconds(999))
        _ = supervision.hear(.goodbye(reason: "the disk is full"), from: 1, at: .seconds(1000))
        #expect(supervision.tell(.tick, at: .seconds(1000)).isEmpty)
        _ = supervision.hear(.alive, at: .seconds(1000))
        _ = supervision.ends(1, at: .seconds(1001))
        #expect(supervision.tell(.tick, at: .seconds(1600)) == [.say(.heartbeat(batch: nil, fraction: 0))])
        #expect(!supervision.isOver)
        _ = supervision.tell(.tick, at: .seconds(1601))
        #expect(supervision.isOver)
        #expect(supervision.end.outcome == .coordinatorLost("it was silent for 601.0 seconds"))
    }

    @Test("nothing is done after the end")
    func after() {
        var supervision = Supervision.ready()
        _ = supervision.tell(.coordinatorDied)
        _ = supervision.ends(1)
        for event: Supervision.Event in [.begun, .tick, .coordinatorSaid(nil), .processSaid(1, nil)] {
            #expect(supervision.tell(event, at: .seconds(99)).isEmpty)
        }
    }
}
