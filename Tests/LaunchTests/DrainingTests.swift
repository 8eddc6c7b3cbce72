import Testing

@testable import Launch

@Suite("Launching: an early end")
struct DrainingTests {
    @Test("a signal drains the run, and the run's end is 75")
    func drained() {
        var launched = Launched.running()
        _ = launched.work(5)
        let actions = launched.tell(.stopRequested(.signal))
        #expect(actions.deeds == [.drain])
        #expect(actions.words.first?.contains("after 120 s") == true)
        _ = launched.work(4)
        _ = launched.ends("stopped 75")
        #expect(launched.over(75, settled: 3).last == .exit(75))
    }

    @Test("a run that was complete when it was asked to stop ends as what it is", arguments: [0, 3] as [Int32])
    func completeAnyway(code: Int32) {
        var launched = Launched.running()
        _ = launched.tell(.stopRequested(.signal))
        _ = launched.ends("complete \(code)")
        #expect(launched.over(0).last == .exit(code))
    }

    @Test("a second signal gives up what runs, and a terminal that closes never is a second one")
    func second() {
        var launched = Launched.running()
        #expect(launched.tell(.stopRequested(.hangUp)).deeds == [.drain])
        #expect(launched.tell(.stopRequested(.hangUp)).isEmpty)
        #expect(launched.tell(.stopRequested(.signal)) == [.drain])
        #expect(launched.tell(.stopRequested(.hangUp)).isEmpty)
    }

    @Test("what does not end within the grace is ended, and the exit code is 75 even without the coordinator's word")
    func grace() {
        var launched = Launched.running { $0.grace = .seconds(30) }
        _ = launched.work(5)
        _ = launched.tell(.stopRequested(.signal))
        #expect(launched.work(30).isEmpty)
        #expect(launched.work(1) == [.say("the grace of 30 s is over"), .terminate])
        #expect(launched.work(6).deeds == [.kill])
        #expect(launched.over(137).last == .exit(75))
    }

    @Test("asked while hosts are asked, nothing is started, and what was prepared is removed")
    func whileAsking() {
        var launched = Launched { $0.hosts = Launched.hosts }
        _ = launched.tell(.begun(RunFigures()))
        #expect(launched.tell(.stopRequested(.signal)).deeds == [])
        let live = Array(Launched.hosts.prefix(2))
        #expect(launched.tell(.answered([.ready, .ready, .silent("")])).deeds == [.clean(live)])
        #expect(launched.tell(.cleaned(verdict: nil, RunView(), RunFigures())) == [.exit(75)])
    }

    @Test("asked before the run's files could be read, it ends at once; unasked, it says each minute what it waits for")
    func beforeAnything() {
        var asked = Launched()
        #expect(asked.tell(.stopRequested(.signal)).deeds == [.exit(75)])
        var waiting = Launched()
        let actions = waiting.pass(130)
        #expect(actions.deeds.isEmpty && actions.words.count == 2, "\(actions)")
        #expect(actions.words.allSatisfy { $0.contains("the run's files") })
    }

    @Test("asked between two starts, or while what is left is ended, no other start follows")
    func between() {
        var pausing = Launched.running()
        _ = pausing.over(1)
        #expect(pausing.tell(.stopRequested(.hangUp)).deeds == [.exit(75)])
        var cleaning = Launched.running()
        _ = cleaning.tell(.mpirunEnded(137))
        #expect(cleaning.tell(.stopRequested(.signal)).deeds == [])
        #expect(cleaning.tell(.cleaned(verdict: nil, RunView(), RunFigures())) == [.exit(75)])
        var silent = Launched { $0.hosts = Launched.hosts }
        _ = silent.tell(.begun(RunFigures()))
        _ = silent.tell(.stopRequested(.signal))
        #expect(silent.tell(.answered([.silent(""), .silent(""), .silent("")])).deeds == [.exit(75)])
    }

    @Test("a job that was not taken ends with 2 though it was asked to stop")
    func refused() {
        var launched = Launched.running()
        _ = launched.tell(.stopRequested(.signal))
        #expect(launched.over(2, verdict: 2).last == .exit(2))
    }
}

@Suite("Launching: ranks that are missing")
struct RenewalTests {
    private func running(_ change: (inout LaunchPolicy) -> Void = { _ in }) -> Launched {
        var launched = Launched.running {
            $0.hosts = Launched.hosts
            $0.renew = .seconds(100)
            change(&$0)
        }
        _ = launched.work(10, workers: 5)
        return launched
    }
    private let long = RunFigures(settled: 9, left: .seconds(5000))

    @Test("they are missed for an hour, then time and hosts are asked, and the run is drained and begun anew")
    func renewed() {
        var launched = running()
        #expect(launched.work(100, workers: 3).isEmpty)
        #expect(launched.work(1, workers: 3) == [.count])
        #expect(launched.tell(.counted(long)) == [.ask(prepare: false)])
        let actions = launched.tell(.answered([.ready, .ready, .ready]))
        #expect(actions == [.say("3 ranks work where 5 could: the run is drained and begun anew"), .drain])
        _ = launched.work(3, workers: 3)
        _ = launched.ends("stopped 75")
        #expect(launched.over(75, settled: 20).deeds == [.clean(Launched.hosts)])
        #expect(launched.pass(1) == [.ask(prepare: true)])
    }

    @Test("nothing is done where too little is left, no host came back, or ranks are back meanwhile")
    func notWorthIt() {
        var short = running()
        #expect(short.work(101, workers: 3).last == .count)
        #expect(short.tell(.counted(RunFigures(settled: 1, left: .seconds(99)))).isEmpty)
        #expect(short.work(100, workers: 3).isEmpty)
        #expect(short.work(1, workers: 3) == [.count], "it is asked again later")
        #expect(short.tell(.counted(RunFigures(settled: 1))).isEmpty, "what is left is not known")

        var gone = running()
        _ = gone.work(101, workers: 3)
        _ = gone.tell(.counted(long))
        #expect(gone.tell(.answered([.ready, .ready, .silent("")])).isEmpty)

        var back = running()
        #expect(back.work(99, workers: 3).isEmpty)
        #expect(back.work(1, workers: 5).isEmpty)
        #expect(back.work(100, workers: 3).isEmpty)
    }

    @Test("a host that was left out at the start is missed too")
    func leftOut() {
        var launched = Launched {
            $0.hosts = Launched.hosts
            $0.renew = .seconds(100)
        }
        _ = launched.tell(.begun(RunFigures()))
        _ = launched.tell(.answered([.ready, .ready, .silent("")]))
        #expect(launched.work(100, workers: 3).isEmpty)
        #expect(launched.work(1, workers: 3) == [.count])
    }

    @Test("in vain, it waits twice as long the next time; once more ranks came, as long as at first")
    func patience() {
        var launched = running()
        func renew(after seconds: Int) {
            #expect(launched.work(seconds, workers: 3).isEmpty)
            #expect(launched.work(1, workers: 3) == [.count])
            _ = launched.tell(.counted(long))
            #expect(launched.tell(.answered([.ready, .ready, .ready])).deeds == [.drain])
            _ = launched.ends("stopped 75")
            _ = launched.over(75, settled: launched.launching.starts * 10)
            _ = launched.pass(1)
            _ = launched.tell(.answered([.ready, .ready, .ready]))
            // The first beat tells of those that were there from the beginning.
            _ = launched.work(1, workers: 3)
        }
        renew(after: 100)
        renew(after: 199)
        renew(after: 399)
        _ = launched.work(1, workers: 4)
        #expect(launched.work(98, workers: 3).isEmpty)
        #expect(launched.work(3, workers: 3).contains(.count))
    }

    @Test("0 never does, and a coordinator that works counts as a worker")
    func settings() {
        var never = running { $0.renew = .zero }
        #expect(never.work(5000, workers: 1).isEmpty)
        var works = running { $0.coordinatorWorks = true }
        #expect(works.work(101, workers: 5).last == .count)
        var idle = running()
        #expect(idle.work(1000, workers: 5).isEmpty)
    }

    @Test("a signal during such a drain does not give up what runs; a second one does, and no start follows")
    func signals() {
        var launched = running()
        _ = launched.work(101, workers: 3)
        _ = launched.tell(.counted(long))
        _ = launched.tell(.answered([.ready, .ready, .ready]))
        #expect(launched.tell(.stopRequested(.signal)).deeds == [])
        #expect(launched.tell(.stopRequested(.signal)).deeds == [.drain])
        _ = launched.ends("stopped 75")
        #expect(launched.over(75).last == .exit(75))
    }

    @Test("such a drain has its grace too")
    func grace() {
        var launched = running { $0.grace = .seconds(20) }
        _ = launched.work(101, workers: 3)
        _ = launched.tell(.counted(long))
        _ = launched.tell(.answered([.ready, .ready, .ready]))
        #expect(launched.work(20, workers: 3).isEmpty)
        #expect(launched.work(1, workers: 3).deeds == [.terminate])
        #expect(launched.over(137, settled: 30).deeds == [.clean(Launched.hosts)])
        #expect(launched.pass(1) == [.ask(prepare: true)])
    }

    @Test("a stop between question and answer wins")
    func stopWins() {
        var launched = running()
        _ = launched.work(101, workers: 3)
        _ = launched.tell(.stopRequested(.signal))
        #expect(launched.tell(.counted(long)).isEmpty)
        #expect(launched.tell(.answered([.ready, .ready, .ready])).isEmpty)
    }
}
