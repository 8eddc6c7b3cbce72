import TestSupport
import Testing

@testable import Coordinator

/// Workers as the assignment cannot see them: what each really holds, and what it was told.
private struct AssignmentWorld {
    var assignment: Assignment
    var random: SplitMix64
    var now = Duration.zero
    /// What present workers hold, in order.
    var present: [Int: [Int]] = [:]
    /// What silent workers hold.
    var silent: [Int: [Int]] = [:]
    var started: Set<[Int]> = []
    var cancelled: Set<[Int]> = []
    var settled: [Int: String] = [:]
    var ended: Assignment.Action?
    var draining = false
    let batches: Int

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        batches = Int.random(in: 0...25, using: &random)
        var works: [BatchWork] = []
        for number in 0..<batches {
            works.append(
                BatchWork(
                    number: number, expectedCost: Double(Int.random(in: 0...5, using: &random)),
                    samples: Int.random(in: 1...3, using: &random)))
        }
        assignment = Assignment(batches: works)
    }

    mutating func send(_ event: Assignment.Event) throws {
        now += .milliseconds(Int.random(in: 0...400, using: &random))
        for action in assignment.handle(event, at: now) { try obey(action, after: event) }
        for number in 0..<batches {
            // Copies that were told to go do not count, nor does the loser of a race that is not told yet.
            let live = assignment.batches[number]?.copies.filter { $0.cancelledAt == nil } ?? []
            try require(live.count <= 2, "batch \(number) has copies \(live) after \(event)")
            if settled[number] != nil { try require(live.isEmpty, "batch \(number) is settled and held") }
        }
        for (rank, held) in present {
            try require(
                Set(assignment.held(by: rank)) == Set(held), "the ledger of rank \(rank) is wrong after \(event)")
        }
        try require(assignment.unresolved == batches - settled.count, "\(assignment.unresolved) left")
        let isEnd = settled.count == batches
        try require((ended == .finished) == (isEnd && ended != .stopped), "ended \(ended as Any) with \(settled.count)")
    }

    private mutating func obey(_ action: Assignment.Action, after event: Assignment.Event) throws {
        switch action {
        case .assign(let batch, let rank):
            try require(ended == nil && !draining, "assigned after the end")
            try require(settled[batch] == nil, "batch \(batch) is settled and assigned")
            try require(present[rank] != nil, "batch \(batch) went to the absent rank \(rank)")
            try require(present[rank]?.contains(batch) == false, "batch \(batch) went twice to rank \(rank)")
            present[rank]?.append(batch)
            try require((present[rank]?.count ?? 0) <= 2, "rank \(rank) holds more than its credit")
        case .cancel(let batch, let rank):
            try require(present[rank] != nil, "a cancel went to the absent rank \(rank)")
            cancelled.insert([rank, batch])
        case .accept(let batch, let rank):
            try require(
                settled[batch] == nil, "batch \(batch) was accepted from \(rank) although \(settled[batch] as Any)")
            settled[batch] = "accepted"
        case .recordBatchFailure(let batch, _):
            try require(settled[batch] == nil, "batch \(batch) was given up although \(settled[batch] as Any)")
            settled[batch] = "failed"
        case .discardDuplicate(let batch, _): try require(settled[batch] != nil, "batch \(batch) was discarded")
        case .drain(let rank): try require(present[rank] != nil, "a drain went to the absent rank \(rank)")
        case .finished, .stopped:
            try require(ended == nil, "ended twice, after \(event)")
            ended = action
        }
    }

    func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw AssignmentViolation(description: message()) }
    }

    private mutating func drop(_ batch: Int, _ rank: Int) {
        present[rank]?.removeAll { $0 == batch }
        started.remove([rank, batch])
        cancelled.remove([rank, batch])
    }

    mutating func finish(_ batch: Int, _ rank: Int) throws {
        drop(batch, rank)
        try send(.batchFinished(rank: rank, batch: batch))
    }

    mutating func release(_ batch: Int, _ rank: Int) throws {
        drop(batch, rank)
        try send(.cancelAcknowledged(rank: rank, batch: batch))
    }

    /// One random thing that can happen, or one that should not.
    mutating func step() throws {
        let rank = Int.random(in: 1...5, using: &random)
        let batch = Int.random(in: 0...max(0, batches), using: &random)
        let head = present[rank]?.first
        switch Int.random(in: 0..<100, using: &random) {
        case ..<14 where silent[rank] == nil:
            // A second hello of the same rank is a worker that lost what it held.
            present[rank] = []
            for number in 0...batches {
                started.remove([rank, number])
                cancelled.remove([rank, number])
            }
            try send(.workerJoined(rank: rank, credit: 2))
        case ..<35:
            guard let head else { return }
            started.insert([rank, head])
            try send(.batchStarted(rank: rank, batch: head))
        case ..<62:
            guard let head, started.contains([rank, head]) else { return }
            try finish(head, rank)
        case ..<69:
            guard let head, started.contains([rank, head]) else { return }
            drop(head, rank)
            let failure = BatchFailure(kind: "x", message: "x", retryable: Int.random(in: 0..<4, using: &random) > 0)
            try send(.batchFailed(rank: rank, batch: head, failure: failure))
        case ..<82:
            guard let told = cancelled.filter({ $0[0] == rank }).min(by: { $0[1] < $1[1] }) else { return }
            try release(told[1], rank)
        case ..<86:
            guard let held = present.removeValue(forKey: rank) else { return }
            silent[rank] = held
            try send(.workerLeft(rank: rank, reason: .silent(.seconds(30))))
        case ..<90:
            guard let held = silent.removeValue(forKey: rank) else { return }
            present[rank] = held
            try send(.workerReturned(rank: rank))
        case ..<93:
            present[rank] = nil
            silent[rank] = nil
            let reasons: [Assignment.LeaveReason] = [.died, .crashed("it crashed"), .goodbye("walltime")]
            try send(.workerLeft(rank: rank, reason: reasons[Int.random(in: 0..<3, using: &random)]))
        case ..<94 where Int.random(in: 0..<10, using: &random) == 0:
            draining = true
            try send(.drainRequested)
        case ..<96:
            // Something that nobody who is well says.
            let odd = 50 + rank
            try send(
                [
                    .batchStarted(rank: odd, batch: batch), .cancelAcknowledged(rank: odd, batch: batch),
                    .batchFailed(
                        rank: odd, batch: batch, failure: BatchFailure(kind: "", message: "", retryable: true)),
                    .workerReturned(rank: odd), .batchFinished(rank: odd, batch: 10_000),
                    .creditChanged(rank: odd, credit: 1),
                ][Int.random(in: 0..<6, using: &random)])
        case ..<97:
            // A late result of somebody who is not known any more.
            try send(.batchFinished(rank: 60, batch: batch))
        case ..<98:
            guard let head, started.contains([rank, head]) else { return }
            try send(.sampleBegun(rank: rank, batch: head, sample: Int.random(in: 0..<3, using: &random)))
        default: try send(.tick)
        }
    }

    /// From here on every worker does what it is told; one is enough to end the run.
    mutating func settleDown() throws {
        if present.isEmpty {
            present[9] = []
            try send(.workerJoined(rank: 9, credit: 2))
        }
        var steps = 0
        while ended == nil {
            steps += 1
            try require(steps < 2000, "no progress with \(present), \(settled.count) of \(batches) settled")
            now += .seconds(1)
            try send(.tick)
            for rank in present.keys.sorted() {
                for told in cancelled.filter({ $0[0] == rank }).sorted(by: { $0[1] < $1[1] }) {
                    try release(told[1], rank)
                }
                guard let head = present[rank]?.first else { continue }
                if draining, !started.contains([rank, head]) {
                    try release(head, rank)
                } else {
                    started.insert([rank, head])
                    try send(.batchStarted(rank: rank, batch: head))
                    // The answer to the start may have been a cancel.
                    if present[rank]?.contains(head) == true { try finish(head, rank) }
                }
            }
        }
    }
}

struct AssignmentViolation: Error, CustomStringConvertible {
    let description: String
}

@Suite("Assignment: properties over random event sequences")
struct AssignmentPropertyTests {
    @Test("4000 sequences keep the invariants and end", arguments: 0..<8)
    func invariants(block: Int) throws {
        var ends: Set<String> = []
        for sequence in 0..<500 {
            let seed = UInt64(block * 500 + sequence)
            var world = AssignmentWorld(seed: seed)
            do {
                for _ in 0..<Int.random(in: 0...150, using: &world.random) { try world.step() }
                try world.settleDown()
            } catch let violation as AssignmentViolation {
                Issue.record("seed \(seed): \(violation)")
                return
            }
            ends.insert("\(world.ended.map { "\($0)" } ?? "none")")
        }
        #expect(ends == ["finished", "stopped"])
    }

    @Test("samples that end their process cost themselves alone, whoever runs them", arguments: 0..<20)
    func poison(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let size = 4
        let poison = Set((0..<3).map { _ in Int.random(in: 0..<(10 * size), using: &random) })
        var assignment = Assignment(
            batches: (0..<10).map { BatchWork(number: $0, expectedCost: 1, samples: size) })
        var held: [Int: [Int]] = [:]
        var lost: Set<Int> = []
        var crashes = 0
        var isOver = false
        func obey(_ actions: [Assignment.Action]) {
            for action in actions {
                switch action {
                case .assign(let batch, let rank): held[rank, default: []].append(batch)
                case .accept(let batch, _): lost.formUnion(assignment.order(for: batch).excluded.keys)
                case .recordBatchFailure(let batch, _): Issue.record("batch \(batch) was given up as a whole")
                case .finished: isOver = true
                default: break
                }
            }
        }
        // What was computed is published beside what is computed next, and dies with it.
        var publishing: [Int: Int] = [:]
        func publish(_ rank: Int) {
            guard let batch = publishing.removeValue(forKey: rank) else { return }
            held[rank]?.removeAll { $0 == batch }
            obey(assignment.handle(.batchFinished(rank: rank, batch: batch), at: .zero))
        }
        for rank in 1...3 { obey(assignment.handle(.workerJoined(rank: rank, credit: 2), at: .zero)) }
        for _ in 0..<1000 where !isOver {
            let rank = Int.random(in: 1...3, using: &random)
            guard let batch = held[rank]?.first(where: { $0 != publishing[rank] }) else {
                publish(rank)
                continue
            }
            let order = assignment.order(for: batch)
            if order.isolation != .none { publish(rank) }
            obey(assignment.handle(.batchStarted(rank: rank, batch: batch), at: .zero))
            let bad = (batch * size..<(batch + 1) * size).first { poison.contains($0) && order.excluded[$0] == nil }
            guard let bad else {
                publish(rank)
                publishing[rank] = batch
                if order.isolation != .none { publish(rank) }
                continue
            }
            if order.isolation == .samples {
                obey(assignment.handle(.sampleBegun(rank: rank, batch: batch, sample: bad), at: .zero))
            }
            crashes += 1
            held[rank] = []
            publishing[rank] = nil
            obey(assignment.handle(.workerLeft(rank: rank, reason: .crashed("it crashed")), at: .zero))
            obey(assignment.handle(.workerJoined(rank: rank, credit: 2), at: .zero))
        }
        #expect(isOver && lost == poison)
        #expect(crashes <= 5 * poison.count)
    }

    @Test("one slow worker among four does not hold up the end")
    func tail() {
        // 60 batches of 1 s; rank 4 is fifty times slower. Without re-issue it would end after 50 s or more.
        var assignment = Assignment(batches: (0..<60).map { BatchWork(number: $0, expectedCost: 1) })
        var due: [(at: Duration, rank: Int, batch: Int)] = []
        var held: [Int: [Int]] = [:]
        var now = Duration.zero
        var copies = 0
        var isOver = false
        var queue: [Assignment.Event] = (1...4).map { .workerJoined(rank: $0, credit: 2) }
        func begin(_ rank: Int) {
            guard let batch = held[rank]?.first, !due.contains(where: { $0.rank == rank }) else { return }
            queue.append(.batchStarted(rank: rank, batch: batch))
            due.append((now + (rank == 4 ? .seconds(50) : .seconds(1)), rank, batch))
        }
        while !isOver, now < .seconds(200) {
            while !queue.isEmpty {
                for action in assignment.handle(queue.removeFirst(), at: now) {
                    switch action {
                    case .assign(let batch, let rank):
                        copies += 1
                        held[rank, default: []].append(batch)
                        begin(rank)
                    case .cancel(let batch, let rank):
                        held[rank]?.removeAll { $0 == batch }
                        due.removeAll { $0.rank == rank && $0.batch == batch }
                        queue.append(.cancelAcknowledged(rank: rank, batch: batch))
                        begin(rank)
                    case .finished: isOver = true
                    default: break
                    }
                }
            }
            now += .milliseconds(100)
            queue.append(.tick)
            for done in due where done.at <= now {
                due.removeAll { $0.rank == done.rank }
                held[done.rank]?.removeAll { $0 == done.batch }
                queue.append(.batchFinished(rank: done.rank, batch: done.batch))
                begin(done.rank)
            }
        }
        #expect(isOver)
        #expect(now < .seconds(26))
        #expect(copies <= 63)
    }
}
