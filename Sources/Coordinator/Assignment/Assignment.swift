/// Which worker does which batch: the whole policy, as a state machine without clock or I/O.
///
/// Events go in with the time at which they happened, actions come out; a loop carries them out. The bytes of the
/// shards depend on none of it, because the plan fixes batches and seeds. `docs/scheduling.md` explains the policy.
package struct Assignment: Sendable {
    /// One rank's hold on a batch.
    struct Copy: Sendable {
        let rank: Int
        let assignedAt: Duration
        var startedAt: Duration?
        /// When the rank was told to let go.
        var cancelledAt: Duration?
        /// Whether the rank does one sample after the other.
        var isAlone = false
        /// The one that it began last.
        var sample: Int?
    }

    /// What a lost worker's copy was counted as.
    enum Counted: Sendable, Hashable { case nothing, attempt, sample(Int) }

    enum Resolution: Sendable, Hashable { case accepted, failed }

    struct Batch: Sendable {
        let work: BatchWork
        var copies: [Copy] = []
        var attempts = 0
        var failedOn: Set<Int> = []
        var lastFailure: BatchFailure?
        var resolution: Resolution?
        /// Attempts that ended with the worker's process.
        var losses = 0
        /// Whether its samples are done one after the other from now on, to find the one that ends processes.
        var isAlone = false
        /// How many processes a sample ended while it ran alone, by its index in the plan.
        var lossesAlone: [Int: Int] = [:]
        /// Samples that are given up, with the reason.
        var excluded: [Int: String] = [:]

        /// No further attempt is worth it.
        func isHopeless(_ policy: AssignmentPolicy) -> Bool {
            attempts >= policy.maximumAttempts || lastFailure?.retryable == false
        }

        /// It took workers down with it, and nobody knows yet which of its samples does.
        var mayBeTakenApart: Bool { losses > 0 && !isAlone && work.samples > 1 && lastFailure?.retryable != false }
    }

    struct Worker: Sendable {
        var credit: Int
        /// In the order of assignment.
        var held: [Int] = []
    }

    /// What a silent worker held when it was given up, in case that it returns.
    struct Orphan: Sendable {
        let copy: Copy
        let batch: Int
        let counted: Counted
    }

    enum Phase: Sendable, Hashable { case running, draining, over }

    package let policy: AssignmentPolicy
    var batches: [Int: Batch]
    var queue: BatchQueue
    var workers: [Int: Worker] = [:]
    /// Unresolved batches that somebody holds.
    var outstanding: Set<Int> = []
    var absent: [Int: (credit: Int, orphans: [Orphan])] = [:]
    var durations = RunningMedian()
    var costs = RunningMedian()
    var phase = Phase.running
    /// Batches that are neither accepted nor recorded as failed.
    package private(set) var unresolved: Int
    /// Batches that are recorded as failed.
    package private(set) var failed = 0

    /// A run over these batches. Of two batches with the same number the first counts.
    package init(batches: [BatchWork], policy: AssignmentPolicy = AssignmentPolicy()) {
        self.policy = policy
        let pairs = batches.map { ($0.number, Batch(work: $0)) }
        self.batches = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        queue = BatchQueue(self.batches.values.map(\.work))
        unresolved = self.batches.count
    }

    /// Batches that nobody holds.
    package var waiting: Int { queue.count }
    /// The ranks that take part.
    package var ranks: [Int] { workers.keys.sorted() }
    /// Ranks that hold a batch.
    package var busy: Int { workers.values.count { !$0.held.isEmpty } }
    /// What a rank holds, in the order of assignment; empty for a rank that does not take part.
    package func held(by rank: Int) -> [Int] { workers[rank]?.held ?? [] }
    /// The ranks that hold an unresolved or cancelled copy of a batch.
    package func holders(of batch: Int) -> [Int] { batches[batch]?.copies.map(\.rank) ?? [] }
    /// How a batch is to be done, as far as is known now.
    package func order(for batch: Int) -> BatchOrder {
        guard let known = batches[batch] else { return BatchOrder(batch: batch) }
        let isolation: BatchOrder.Isolation = known.isAlone ? .samples : known.losses > 0 ? .batch : .none
        return BatchOrder(batch: batch, isolation: isolation, excluded: known.excluded)
    }
    /// Whether somebody takes part and all who do refuse new batches.
    package var everyoneDrains: Bool { !workers.isEmpty && workers.values.allSatisfy { $0.credit == 0 } }

    /// Takes one event in and says what to do. Events about unknown ranks or batches, and events that come twice,
    /// change nothing.
    /// - Parameter now: time since the start of the run; never less than at the event before.
    package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .workerJoined(let rank, let credit): join(rank, credit: credit, at: now, into: &actions)
        case .creditChanged(let rank, let credit): workers[rank]?.credit = max(0, credit)
        case .workerLeft(let rank, let reason): leave(rank, reason, into: &actions)
        case .workerReturned(let rank): readmit(rank, at: now, into: &actions)
        case .batchStarted(let rank, let batch): update(batch, rank) { $0.startedAt = $0.startedAt ?? now }
        case .sampleBegun(let rank, let batch, let sample): update(batch, rank) { $0.sample = sample }
        case .batchFinished(let rank, let batch): finish(batch, rank, at: now, into: &actions)
        case .batchFailed(let rank, let batch, let failure): fail(batch, rank, failure, into: &actions)
        case .cancelAcknowledged(let rank, let batch):
            if removeCopy(batch, rank) != nil { settle(batch, into: &actions) }
        case .drainRequested: drain(into: &actions)
        case .stopRequested:
            if phase != .over, unresolved > 0 {
                phase = .over
                actions.append(.stopped)
            }
        case .tick: break
        }
        dispatch(at: now, into: &actions)
        conclude(into: &actions)
        return actions
    }

    // MARK: - Workers

    private mutating func join(_ rank: Int, credit: Int, at now: Duration, into actions: inout [Action]) {
        // A second join is a worker that lost what it held.
        if workers[rank] != nil { leave(rank, .died, into: &actions) }
        absent[rank] = nil
        workers[rank] = Worker(credit: max(0, credit))
        if phase == .draining { actions.append(.drain(rank: rank)) }
    }

    private mutating func leave(_ rank: Int, _ reason: LeaveReason, into actions: inout [Action]) {
        if case .silent = reason {} else { absent[rank] = nil }
        guard let worker = workers.removeValue(forKey: rank) else { return }
        var orphans: [Orphan] = []
        for number in worker.held {
            guard let copy = removeCopy(number, rank) else { continue }
            let isOpen = batches[number]?.resolution == nil
            let counted =
                isOpen && copy.startedAt != nil && reason.countsAsAttempt
                ? countLoss(of: copy, number, reason) : .nothing
            orphans.append(Orphan(copy: copy, batch: number, counted: counted))
            if isOpen { settle(number, into: &actions) }
        }
        if case .silent = reason { absent[rank] = (worker.credit, orphans) }
    }

    /// A worker that was only cut off goes on with what it runs, unless others have taken it over.
    private mutating func readmit(_ rank: Int, at now: Duration, into actions: inout [Action]) {
        guard workers[rank] == nil, let (credit, orphans) = absent.removeValue(forKey: rank) else { return }
        workers[rank] = Worker(credit: credit)
        for orphan in orphans {
            guard let batch = batches[orphan.batch] else { continue }
            var copy = orphan.copy
            let wanted =
                phase != .over && batch.resolution == nil && copy.cancelledAt == nil
                && (batch.copies.isEmpty || (copy.startedAt != nil && batch.copies.count < policy.maximumCopies))
            if wanted {
                takeBack(orphan.counted, of: orphan.batch, on: rank)
            } else {
                copy.cancelledAt = now
                actions.append(.cancel(batch: orphan.batch, rank: rank))
            }
            addCopy(copy, of: orphan.batch)
        }
        if phase == .draining { actions.append(.drain(rank: rank)) }
    }

    private mutating func drain(into actions: inout [Action]) {
        guard phase == .running else { return }
        phase = .draining
        actions += ranks.map { .drain(rank: $0) }
    }

    // MARK: - Batches

    private mutating func finish(_ number: Int, _ rank: Int, at now: Duration, into actions: inout [Action]) {
        guard let batch = batches[number] else { return }
        if let copy = removeCopy(number, rank), let started = copy.startedAt, now >= started {
            durations.add((now - started) / .seconds(1))
            costs.add(batch.work.expectedCost)
        }
        guard batch.resolution == nil else {
            actions.append(.discardDuplicate(batch: number, rank: rank))
            return
        }
        resolve(number, .accepted)
        actions.append(.accept(batch: number, rank: rank))
        for loser in batches[number]?.copies ?? [] where loser.cancelledAt == nil {
            cancel(number, loser.rank, at: now, into: &actions)
        }
    }

    private mutating func fail(_ number: Int, _ rank: Int, _ failure: BatchFailure, into actions: inout [Action]) {
        // Without a copy the rank was given up before, and this attempt counted then.
        guard removeCopy(number, rank) != nil, batches[number]?.resolution == nil else { return }
        count(failure, of: number, on: rank)
        settle(number, into: &actions)
    }

    /// After a copy went: while nobody holds an unresolved batch, it waits again, is taken apart, or is given up.
    private mutating func settle(_ number: Int, into actions: inout [Action]) {
        guard let batch = batches[number], batch.resolution == nil, batch.copies.isEmpty else { return }
        guard let failure = batch.lastFailure, batch.isHopeless(policy) else { return queue.insert(batch.work) }
        if batch.mayBeTakenApart {
            batches[number]?.isAlone = true
            batches[number]?.attempts = 0
            batches[number]?.failedOn = []
            queue.insert(batch.work)
        } else {
            resolve(number, .failed)
            actions.append(.recordBatchFailure(batch: number, failure: failure))
        }
    }

    private mutating func resolve(_ number: Int, _ resolution: Resolution) {
        guard let work = batches[number]?.work else { return }
        batches[number]?.resolution = resolution
        queue.remove(work)
        outstanding.remove(number)
        unresolved -= 1
        if resolution == .failed { failed += 1 }
    }

    private mutating func conclude(into actions: inout [Action]) {
        guard phase != .over else { return }
        if unresolved == 0 {
            phase = .over
            actions.append(.finished)
        } else if phase == .draining, outstanding.isEmpty {
            phase = .over
            actions.append(.stopped)
        }
    }

    // MARK: - Copies

    mutating func addCopy(_ copy: Copy, of number: Int) {
        guard let batch = batches[number] else { return }
        batches[number]?.copies.append(copy)
        workers[copy.rank]?.held.append(number)
        queue.remove(batch.work)
        if batch.resolution == nil { outstanding.insert(number) }
    }

    @discardableResult
    private mutating func removeCopy(_ number: Int, _ rank: Int) -> Copy? {
        guard let index = batches[number]?.copies.firstIndex(where: { $0.rank == rank }) else { return nil }
        let copy = batches[number]?.copies.remove(at: index)
        workers[rank]?.held.removeAll { $0 == number }
        if batches[number]?.copies.isEmpty == true { outstanding.remove(number) }
        return copy
    }

    mutating func cancel(_ number: Int, _ rank: Int, at now: Duration, into actions: inout [Action]) {
        update(number, rank) { $0.cancelledAt = now }
        actions.append(.cancel(batch: number, rank: rank))
    }

    private mutating func update(_ number: Int, _ rank: Int, _ change: (inout Copy) -> Void) {
        guard let index = batches[number]?.copies.firstIndex(where: { $0.rank == rank }),
            var copy = batches[number]?.copies[index]
        else { return }
        change(&copy)
        batches[number]?.copies[index] = copy
    }
}
