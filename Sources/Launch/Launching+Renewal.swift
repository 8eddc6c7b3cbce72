/// Ranks that were lost do not come back to an mpirun that runs: where enough time is left, the run is drained and begun anew.
extension Launching {
    /// One rank coordinates, and works as well if told to or alone.
    private func idle(of ranks: Int) -> Int { ranks > 1 && !policy.coordinatorWorks ? 1 : 0 }

    /// How long ranks have to be missing. In vain, it waits twice as long the next time.
    private var due: Duration { had == nil ? patience : patience * 2 }

    mutating func renewIfDue(at now: Duration, into actions: inout [Action]) {
        guard policy.renew > .zero, draining == nil, var start, start.renewing == nil, start.question == nil else {
            return
        }
        let workers = start.beat?.workers ?? 0
        if workers >= start.ranks - idle(of: start.ranks), start.ranks == ranks(on: policy.hosts) {
            self.start?.missing = nil
            return
        }
        if let had, start.most > had {
            patience = policy.renew
            self.had = nil
        }
        let since = start.missing ?? now
        start.missing = since
        if now - since >= due {
            start.missing = nil
            start.question = .timeLeft
            actions.append(.count)
        }
        self.start = start
    }

    mutating func counted(_ figures: RunFigures, into actions: inout [Action]) {
        guard start?.question == .timeLeft else { return }
        guard let left = figures.left, left > due, draining == nil else {
            start?.question = nil
            return
        }
        start?.question = .hosts
        actions.append(.ask(prepare: false))
    }

    mutating func answeredAnew(_ answers: [HostAnswer], at now: Duration, into actions: inout [Action]) {
        guard let start, start.question == .hosts else { return }
        self.start?.question = nil
        guard draining == nil, start.ended == nil, start.terminated == nil else { return }
        let workers = start.beat?.workers ?? 0
        let room = ranks(on: zip(policy.hosts, answers).filter { $1 == .ready }.map(\.0)) - idle(of: start.ranks)
        guard room > workers else { return }
        actions.append(.say("\(workers) ranks work where \(room) could: the run is drained and begun anew"))
        patience = due
        had = workers
        self.start?.renewing = now
        actions.append(.drain)
    }
}
