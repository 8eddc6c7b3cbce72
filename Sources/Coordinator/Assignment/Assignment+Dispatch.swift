extension Assignment {
    /// Gives out what can be given out: waiting batches first; at the tail, what others hold ahead and what is late.
    mutating func dispatch(at now: Duration, into actions: inout [Action]) {
        guard phase == .running, !workers.isEmpty else { return }
        fill(at: now, into: &actions)
        recall(at: now, into: &actions)
        reissue(at: now, into: &actions)
    }

    /// Breadth first: nobody is given a batch ahead while somebody who could run it has none.
    private mutating func fill(at now: Duration, into actions: inout [Action]) {
        guard !queue.isEmpty else { return }
        let ranks = self.ranks
        let deepest = workers.values.map(\.credit).max() ?? 0
        for level in 0..<deepest {
            for rank in ranks {
                guard !queue.isEmpty else { return }
                guard let worker = workers[rank], worker.held.count == level, level < worker.credit else { continue }
                guard let work = queue.first(where: { mayTake(rank, $0.number) }) else { continue }
                give(work.number, to: rank, at: now, into: &actions)
            }
        }
    }

    /// Takes batches that wait behind a running one back for ranks that have nothing. They are assigned again when
    /// their holder has let go, so nothing is computed twice.
    private mutating func recall(at now: Duration, into actions: inout [Action]) {
        let idle = self.idle
        guard !idle.isEmpty else { return }
        let underway = outstanding.count { number in batches[number]?.copies.contains { $0.cancelledAt != nil } == true
        }
        guard idle.count > underway else { return }
        let ahead = outstanding.compactMap { number -> (work: BatchWork, holder: Int)? in
            guard let batch = batches[number], batch.copies.count == 1, let copy = batch.copies.first,
                copy.startedAt == nil, copy.cancelledAt == nil, workers[copy.rank]?.held.first != number,
                idle.contains(where: { mayTake($0, number) })
            else { return nil }
            return (batch.work, copy.rank)
        }
        for (work, holder) in ahead.sorted(by: { $0.work.precedes($1.work) }).prefix(idle.count - underway) {
            cancel(work.number, holder, at: now, into: &actions)
        }
    }

    /// Gives late batches to ranks that have nothing a second time.
    private mutating func reissue(at now: Duration, into actions: inout [Action]) {
        guard !idle.isEmpty else { return }
        let late = outstanding.compactMap { number -> (number: Int, age: Duration)? in
            guard let batch = batches[number], batch.copies.count < policy.maximumCopies, let limit = lateness(batch),
                let since = batch.copies.map({ $0.cancelledAt ?? $0.startedAt ?? $0.assignedAt }).max()
            else { return nil }
            let age = now - since
            return age > limit ? (number, age) : nil
        }
        for (number, _) in late.sorted(by: { ($1.age, $0.number) < ($0.age, $1.number) }) {
            guard let rank = idle.first(where: { mayTake($0, number) }) else { continue }
            give(number, to: rank, at: now, into: &actions)
        }
    }

    /// The age from which a batch is late; longer for one that was expected to take longer. Nil until a batch is done.
    private func lateness(_ batch: Batch) -> Duration? {
        guard let median = durations.value, let cost = costs.value else { return nil }
        let share = cost > 0 ? max(1, batch.work.expectedCost / cost) : 1
        let seconds = policy.tailFactor * median * share
        return seconds.isFinite ? .seconds(min(seconds, 1e9)) : nil
    }

    /// Ranks that hold nothing and would take something.
    private var idle: [Int] { workers.filter { $0.value.held.isEmpty && $0.value.credit > 0 }.keys.sorted() }

    /// A batch that failed on a rank goes to others, as long as there is another that takes batches.
    private func mayTake(_ rank: Int, _ number: Int) -> Bool {
        guard let batch = batches[number], !batch.copies.contains(where: { $0.rank == rank }) else { return false }
        guard batch.failedOn.contains(rank) else { return true }
        return workers.allSatisfy { $0.value.credit == 0 || batch.failedOn.contains($0.key) }
    }

    private mutating func give(_ number: Int, to rank: Int, at now: Duration, into actions: inout [Action]) {
        addCopy(Copy(rank: rank, assignedAt: now, isAlone: batches[number]?.isAlone ?? false), of: number)
        actions.append(.assign(batch: number, rank: rank))
    }
}
