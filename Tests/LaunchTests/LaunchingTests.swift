import Testing

@testable import Launch

@Suite("Launching: starts and ends")
struct LaunchingTests {
    @Test("on one machine it is asked first, and gets two ranks, or as many as are wanted")
    func oneMachine() {
        var launched = Launched { $0.mpi = "Open MPI 4.1.4" }
        #expect(launched.tell(.begun(RunFigures())) == [.ask(prepare: true)])
        let actions = launched.tell(.answered([.ready]))
        #expect(actions == [.say("start 1: 2 ranks, Open MPI 4.1.4"), .start(ranks: 2, hosts: [])])
        var wanted = Launched { $0.ranks = 9 }
        _ = wanted.tell(.begun(RunFigures()))
        #expect(wanted.tell(.answered([.ready])).deeds == [.start(ranks: 9, hosts: [])])
    }

    @Test("hosts get as many ranks as they have slots, or as are wanted, but no more than they have slots")
    func ranks() {
        for (wanted, given) in [(nil, 6), (4, 4), (9, 6)] as [(Int?, Int)] {
            var launched = Launched {
                $0.hosts = Launched.hosts
                $0.ranks = wanted
            }
            _ = launched.tell(.begun(RunFigures()))
            let actions = launched.tell(.answered([.ready, .ready, .ready]))
            #expect(actions.deeds == [.start(ranks: given, hosts: Launched.hosts)])
            #expect(actions.words.first?.contains(" on n0:2,n1:2,n2:2, ") == true)
        }
    }

    @Test("hosts that do not answer, or cannot run it, are left out by name, each with its reason")
    func leftOut() {
        var launched = Launched { $0.hosts = Launched.hosts }
        _ = launched.tell(.begun(RunFigures()))
        let actions = launched.tell(.answered([.ready, .silent("no route"), .unfit("there is no program")]))
        #expect(
            actions.words.prefix(2) == [
                "n1 does not answer (no route) and is left out", "n2 is left out: there is no program",
            ])
        #expect(actions.deeds == [.start(ranks: 2, hosts: [HostSlots("n0", slots: 2)])])
    }

    @Test("where no host answers it tries again, waits longer each time, and gives up after three starts")
    func noHost() {
        var launched = Launched { $0.hosts = Launched.hosts }
        _ = launched.tell(.begun(RunFigures()))
        let silent: [HostAnswer] = [.silent(""), .silent(""), .silent("")]
        for pause in [6, 11] {
            #expect(
                launched.tell(.answered(silent)).words.suffix(2) == [
                    "no host answers", "the next start is in \(pause) s",
                ])
            #expect(launched.pass(pause - 1).isEmpty)
            #expect(launched.pass(1) == [.ask(prepare: true)])
        }
        let last = launched.tell(.answered(silent))
        #expect(last.deeds == [.exit(1)])
        #expect(last.words.last?.contains("3 starts in a row settled no sample") == true)
    }

    @Test("where nothing can start at all, for a reason that is known, it ends with 2 before anything is started")
    func unfit() {
        var alone = Launched()
        _ = alone.tell(.begun(RunFigures()))
        let actions = alone.tell(.answered([.unfit("/dev/shm has 1 MiB free")]))
        #expect(actions == [.say("this machine cannot run it: /dev/shm has 1 MiB free"), .exit(2)])
        var hosts = Launched { $0.hosts = Launched.hosts }
        _ = hosts.tell(.begun(RunFigures()))
        let unfit = HostAnswer.unfit("there is no program")
        #expect(hosts.tell(.answered([unfit, unfit, unfit])).deeds == [.exit(2)])
    }

    @Test("what has become impossible later may pass: it is tried again")
    func unfitLater() {
        var launched = Launched.running()
        _ = launched.over(1)
        #expect(launched.pass(6) == [.ask(prepare: true)])
        #expect(launched.tell(.answered([.unfit("full")])).deeds == [])
        #expect(launched.pass(11) == [.ask(prepare: true)])
    }

    // MARK: - The run's end

    @Test("the coordinator's word is the exit code, whatever mpirun ends with", arguments: [0, 2, 3] as [Int32])
    func verdicts(code: Int32) {
        for mpirun in [0, 1, 137] as [Int32] {
            var launched = Launched.running()
            _ = launched.work(3)
            _ = launched.ends("complete \(code)")
            #expect(launched.tell(.mpirunEnded(mpirun)) == [.clean([])])
            let actions = launched.tell(.cleaned(verdict: nil, launched.launching.view, RunFigures(settled: 4)))
            #expect(actions == [.exit(code)])
        }
    }

    @Test("mpirun that ends with 0 without the run's end is not believed")
    func notBelieved() {
        var launched = Launched.running()
        _ = launched.work(3)
        let actions = launched.over(0, settled: 5)
        #expect(actions.words.first == "start 1 ended without the run's end (mpirun: 0); 5 samples are settled")
        #expect(actions.deeds == [.clean([])])
        #expect(launched.pass(1) == [.ask(prepare: true)])
    }

    @Test("a run that stopped early by itself is started again")
    func stoppedByItself() {
        for text in ["stopped 75", "stopped 1", "stopped", "stopped x"] {
            var launched = Launched.running()
            _ = launched.work(3)
            _ = launched.ends(text)
            #expect(launched.over(1, settled: 1).deeds == [.clean([])])
            #expect(launched.pass(1) == [.ask(prepare: true)])
        }
    }

    @Test("what an earlier start left in the files is not this one's end, though it may read the same")
    func earlier() {
        var launched = Launched()
        let earlier = RunView(beat: RunBeat(text: "n0 3 1 9 2"), ending: RunEnding(text: "complete 0", stamp: "before"))
        _ = launched.tell(.begun(RunFigures(settled: 2)))
        _ = launched.tell(.looked(earlier))
        _ = launched.tell(.answered([.ready]))
        // Neither the run's end, after which mpirun would be ended, nor a beat.
        #expect(launched.pass(40).deeds.isEmpty)
        let actions = launched.over(134, settled: 2)
        #expect(actions.words.first?.hasPrefix("start 1 ended without the run's end") == true)
        _ = launched.pass(6)
        _ = launched.tell(.answered([.ready]))
        #expect(launched.ends("complete 0").isEmpty)
        #expect(launched.over(0, settled: 2).last == .exit(0))
    }

    @Test("samples that were settled begin the count of fruitless starts anew")
    func fruitful() {
        var launched = Launched.running { $0.giveUp = 2 }
        for settled in [0, 4, 4, 8, 8] {
            #expect(launched.over(1, settled: settled).deeds == [.clean([])])
            _ = launched.pass(11)
            _ = launched.tell(.answered([.ready]))
        }
        #expect(launched.over(1, settled: 8).deeds.last == .exit(1))
        #expect(launched.launching.starts == 6)
    }

    @Test("a job that the coordinator did not take ends with 2, whoever else beats there")
    func notTaken() {
        var refused = Launched.running()
        #expect(refused.over(0, verdict: 2).last == .exit(2))
        var byMpirun = Launched.running()
        #expect(byMpirun.over(2).last == .exit(2))
        // Two starts at one instant: the beats, and the end, are those of the other.
        var loser = Launched.running()
        _ = loser.work(2)
        #expect(loser.over(2, verdict: 2).last == .exit(2))
        var late = Launched.running()
        _ = late.work(2)
        _ = late.ends("complete 0")
        #expect(late.over(2, verdict: 2).last == .exit(2))
    }

    @Test("an mpirun that ends with 2 after the coordinator was heard says nothing of the job")
    func twoByChance() {
        var launched = Launched.running()
        _ = launched.work(2)
        #expect(launched.over(2).deeds == [.clean([])])
        #expect(launched.over(2).isEmpty)
    }

    // MARK: - What lingers

    @Test("an mpirun that outlives the run is ended after 15 s, by force 5 s later")
    func lingers() {
        var launched = Launched.running()
        _ = launched.work(3)
        _ = launched.ends("complete 0")
        #expect(launched.pass(15).isEmpty)
        #expect(launched.pass(1) == [.say("the run has ended and mpirun has not; it is ended"), .terminate])
        #expect(launched.pass(5).isEmpty)
        #expect(launched.pass(1) == [.kill])
        #expect(launched.over(137).last == .exit(0))
    }

    @Test("a coordinator that is not heard for 60 s is taken for dead")
    func stale() {
        var launched = Launched.running()
        _ = launched.work(100)
        #expect(launched.pass(60).isEmpty)
        let actions = launched.pass(1)
        #expect(actions == [.say("the coordinator was not heard for 60 s; mpirun is ended"), .terminate])
    }

    @Test("the first beat of a start may take 900 s, and each minute it is said what is waited for")
    func firstBeat() {
        var launched = Launched.running()
        let actions = launched.pass(900)
        #expect(actions.deeds.isEmpty)
        #expect(actions.words.count == 14)
        #expect(
            actions.words.allSatisfy { $0.contains("waiting for the coordinator's first beat") && $0.contains("900 s") }
        )
        #expect(
            launched.pass(1).suffix(2) == [
                .say("no coordinator was heard for 900 s after the start; mpirun is ended"), .terminate,
            ])
    }

    @Test("an mpirun that cannot even be killed is spoken of each minute")
    func unkillable() {
        var launched = Launched.running { $0.start = .seconds(1) }
        #expect(launched.pass(2).deeds == [.terminate])
        let actions = launched.pass(200)
        #expect(actions.words.count == 3)
        #expect(actions.deeds == [.kill, .kill, .kill, .kill])
    }

    @Test("while the run's files cannot be read nobody is taken for dead, and each minute it is said")
    func blind() {
        var launched = Launched.running()
        _ = launched.work(10)
        var actions: [Launching.Action] = []
        for _ in 0..<300 {
            launched.now += .seconds(1)
            actions += launched.tell(.tick)
        }
        #expect(actions.deeds.isEmpty)
        #expect(actions.words.count >= 3)
        #expect(actions.words.allSatisfy { $0.contains("the run's files, which cannot be read") })
        // The coordinator could not write either, and gets its time.
        #expect(launched.pass(61).isEmpty)
        #expect(launched.pass(1).deeds == [.terminate])
    }

    @Test("nothing is said or done after the end")
    func afterTheEnd() {
        var launched = Launched.running()
        _ = launched.ends("complete 0")
        #expect(launched.over(0).last == .exit(0))
        #expect(launched.work(100).isEmpty)
        #expect(launched.tell(.stopRequested(.signal)).isEmpty)
        #expect(launched.over(1).isEmpty)
    }
}
