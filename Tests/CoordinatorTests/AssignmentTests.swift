import Testing

@testable import Coordinator

@Suite("Assignment: the policy")
struct AssignmentTests {
    private static func works(_ costs: [Double]) -> [BatchWork] {
        costs.enumerated().map { BatchWork(number: $0.offset, expectedCost: $0.element) }
    }

    private static let failure = BatchFailure(kind: "crash", message: "a crash", retryable: true)

    @Test("the longest goes first, ties by number, one ahead for each worker")
    func longestFirst() {
        var assignment = Assignment(batches: Self.works([1, 5, 3, 5, 2]))
        let first = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        #expect(first == [.assign(batch: 1, rank: 1), .assign(batch: 3, rank: 1)])
        let second = assignment.handle(.workerJoined(rank: 2, credit: 2), at: .zero)
        #expect(second == [.assign(batch: 2, rank: 2), .assign(batch: 4, rank: 2)])
        #expect(assignment.handle(.batchStarted(rank: 1, batch: 1), at: .zero).isEmpty)
        let third = assignment.handle(.batchFinished(rank: 1, batch: 1), at: .seconds(1))
        #expect(third == [.accept(batch: 1, rank: 1), .assign(batch: 0, rank: 1)])
    }

    @Test("nobody gets a batch ahead while somebody has none")
    func breadthFirst() {
        var assignment = Assignment(batches: Self.works([1, 1, 1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 1), at: .zero)
        _ = assignment.handle(.workerJoined(rank: 2, credit: 1), at: .zero)
        _ = assignment.handle(.creditChanged(rank: 1, credit: 2), at: .zero)
        #expect(assignment.held(by: 1) == [0, 2])
        #expect(assignment.held(by: 2) == [1])
    }

    @Test("a batch that only waits behind another goes to an idle worker, once its holder has let go")
    func recall() {
        var assignment = Assignment(batches: Self.works([2, 1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        _ = assignment.handle(.batchStarted(rank: 1, batch: 0), at: .zero)
        #expect(
            assignment.handle(.workerJoined(rank: 2, credit: 2), at: .zero) == [.cancel(batch: 1, rank: 1)])
        #expect(assignment.handle(.tick, at: .seconds(1)).isEmpty)
        #expect(
            assignment.handle(.cancelAcknowledged(rank: 1, batch: 1), at: .seconds(1)) == [.assign(batch: 1, rank: 2)])
    }

    @Test("at the tail a late batch is given out twice, and the first result wins")
    func reissue() {
        var assignment = Assignment(batches: Self.works([1, 1, 1]))
        for rank in 1...3 { _ = assignment.handle(.workerJoined(rank: rank, credit: 1), at: .zero) }
        for rank in 1...3 { _ = assignment.handle(.batchStarted(rank: rank, batch: rank - 1), at: .zero) }
        _ = assignment.handle(.batchFinished(rank: 1, batch: 0), at: .seconds(10))
        #expect(assignment.handle(.tick, at: .seconds(30)).isEmpty)
        #expect(assignment.handle(.tick, at: .milliseconds(30_001)) == [.assign(batch: 1, rank: 1)])
        // Two copies are the most there are.
        _ = assignment.handle(.workerJoined(rank: 4, credit: 1), at: .seconds(31))
        #expect(assignment.holders(of: 1) == [2, 1])
        #expect(assignment.holders(of: 2) == [3, 4])
        #expect(assignment.handle(.workerJoined(rank: 5, credit: 1), at: .seconds(99)).isEmpty)
        #expect(
            assignment.handle(.batchFinished(rank: 2, batch: 1), at: .seconds(100)) == [
                .accept(batch: 1, rank: 2), .cancel(batch: 1, rank: 1),
            ])
        #expect(
            assignment.handle(.batchFinished(rank: 1, batch: 1), at: .seconds(100)) == [
                .discardDuplicate(batch: 1, rank: 1)
            ])
        #expect(
            assignment.handle(.batchFinished(rank: 4, batch: 2), at: .seconds(101)) == [
                .accept(batch: 2, rank: 4), .cancel(batch: 2, rank: 3), .finished,
            ])
    }

    @Test("a batch that was expected to take longer is late later")
    func latenessFollowsCost() {
        var assignment = Assignment(batches: Self.works([10, 1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 1), at: .zero)
        _ = assignment.handle(.workerJoined(rank: 2, credit: 1), at: .zero)
        _ = assignment.handle(.batchStarted(rank: 1, batch: 0), at: .zero)
        _ = assignment.handle(.batchStarted(rank: 2, batch: 1), at: .zero)
        _ = assignment.handle(.batchFinished(rank: 2, batch: 1), at: .seconds(10))
        #expect(assignment.handle(.tick, at: .seconds(299)).isEmpty)
        #expect(assignment.handle(.tick, at: .seconds(301)) == [.assign(batch: 0, rank: 2)])
    }

    @Test("a batch that failed goes to another worker, and is given up after three attempts")
    func attempts() {
        var assignment = Assignment(batches: Self.works([1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        _ = assignment.handle(.workerJoined(rank: 2, credit: 2), at: .zero)
        var rank = 1
        for next in [2, 1] {
            let actions = assignment.handle(.batchFailed(rank: rank, batch: 0, failure: Self.failure), at: .zero)
            // The third attempt goes where it likes: the batch has failed everywhere.
            #expect(actions == [.assign(batch: 0, rank: next)])
            rank = next
        }
        let last = assignment.handle(.batchFailed(rank: rank, batch: 0, failure: Self.failure), at: .zero)
        #expect(last == [.recordBatchFailure(batch: 0, failure: Self.failure), .finished])
        let late = assignment.handle(.batchFinished(rank: 2, batch: 0), at: .zero)
        #expect(late == [.discardDuplicate(batch: 0, rank: 2)])
    }

    @Test("a failure that no retry helps is final")
    func notRetryable() {
        var assignment = Assignment(batches: Self.works([1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        let failure = BatchFailure(kind: "config", message: "no", retryable: false)
        let actions = assignment.handle(.batchFailed(rank: 1, batch: 0, failure: failure), at: .zero)
        #expect(actions == [.recordBatchFailure(batch: 0, failure: failure), .finished])
    }

    @Test("a batch that takes its workers down is given up; one that waited behind it is not")
    func poison() {
        var assignment = Assignment(batches: Self.works([2, 1]))
        for rank in 1...3 {
            let actions = assignment.handle(.workerJoined(rank: rank, credit: 2), at: .zero)
            #expect(actions == [.assign(batch: 0, rank: rank), .assign(batch: 1, rank: rank)])
            _ = assignment.handle(.batchStarted(rank: rank, batch: 0), at: .zero)
            let gone = assignment.handle(.workerLeft(rank: rank, reason: .died), at: .zero)
            if rank < 3 {
                #expect(gone.isEmpty)
            } else if case .recordBatchFailure(0, let failure)? = gone.first {
                #expect(failure.kind == "workerLost")
            } else {
                Issue.record("the batch was not given up: \(gone)")
            }
        }
        #expect(
            assignment.handle(.workerJoined(rank: 4, credit: 2), at: .zero) == [.assign(batch: 1, rank: 4)])
    }

    @Test("a batch that takes its workers down is done sample by sample, and the sample that does it is left out")
    func takenApart() {
        var assignment = Assignment(batches: [BatchWork(number: 0, expectedCost: 1, samples: 4)])
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        func crash(at sample: Int?) -> [Assignment.Action] {
            _ = assignment.handle(.batchStarted(rank: 1, batch: 0), at: .zero)
            if let sample { _ = assignment.handle(.sampleBegun(rank: 1, batch: 0, sample: sample), at: .zero) }
            let gone = assignment.handle(.workerLeft(rank: 1, reason: .crashed("it crashed")), at: .zero)
            return gone + assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        }
        for attempt in 0..<3 {
            // After the first, no other batch is to share its process, and its blame.
            #expect(assignment.order(for: 0) == BatchOrder(batch: 0, isolation: attempt == 0 ? .none : .batch))
            #expect(crash(at: nil) == [.assign(batch: 0, rank: 1)])
        }
        // Once may be chance, twice is not; another sample that crashes once stays in.
        for sample in [2, 1] {
            #expect(assignment.order(for: 0) == BatchOrder(batch: 0, isolation: .samples))
            #expect(crash(at: sample) == [.assign(batch: 0, rank: 1)])
        }
        #expect(crash(at: 2) == [.assign(batch: 0, rank: 1)])
        let order = assignment.order(for: 0)
        #expect(order.isolation == .samples && Array(order.excluded.keys) == [2])
        #expect(order.excluded[2]?.contains("it crashed") == true)
        #expect(
            assignment.handle(.batchFinished(rank: 1, batch: 0), at: .zero) == [.accept(batch: 0, rank: 1), .finished])
    }

    @Test("a batch that crashes between its samples is given up in the end")
    func crashesBetween() {
        var assignment = Assignment(batches: [BatchWork(number: 0, expectedCost: 1, samples: 4)])
        var actions: [Assignment.Action] = []
        for attempt in 1...6 {
            #expect(assignment.order(for: 0).isolation == (attempt > 3 ? .samples : attempt > 1 ? .batch : .none))
            _ = assignment.handle(.workerJoined(rank: 1, credit: 1), at: .zero)
            _ = assignment.handle(.batchStarted(rank: 1, batch: 0), at: .zero)
            actions = assignment.handle(.workerLeft(rank: 1, reason: .died), at: .zero)
        }
        #expect(actions.count == 2 && actions.last == .finished)
    }

    @Test("a silent worker that returns was not lost: its sample is not counted against")
    func returnsAlone() {
        var assignment = Assignment(
            batches: [BatchWork(number: 0, expectedCost: 1, samples: 2)],
            policy: AssignmentPolicy(maximumAttempts: 1, maximumLossesAlone: 1))
        for _ in 0..<2 {
            _ = assignment.handle(.workerJoined(rank: 1, credit: 1), at: .zero)
            _ = assignment.handle(.batchStarted(rank: 1, batch: 0), at: .zero)
            _ = assignment.handle(.sampleBegun(rank: 1, batch: 0, sample: 1), at: .zero)
            _ = assignment.handle(.workerLeft(rank: 1, reason: .silent(.seconds(30))), at: .zero)
        }
        #expect(Array(assignment.order(for: 0).excluded.keys) == [1])
        _ = assignment.handle(.workerReturned(rank: 1), at: .zero)
        #expect(assignment.order(for: 0).excluded.isEmpty)
    }

    @Test("a silent worker that returns goes on with its batch; its late result counts once")
    func returning() {
        var assignment = Assignment(batches: Self.works([2, 1]), policy: AssignmentPolicy(maximumAttempts: 2))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        _ = assignment.handle(.batchStarted(rank: 1, batch: 0), at: .zero)
        #expect(assignment.handle(.workerLeft(rank: 1, reason: .silent(.seconds(30))), at: .seconds(30)).isEmpty)
        // Alone, it keeps what it holds, and its absence was no attempt.
        #expect(assignment.handle(.workerReturned(rank: 1), at: .seconds(40)).isEmpty)
        #expect(assignment.held(by: 1) == [0, 1])
        #expect(assignment.batches[0]?.attempts == 0)
        _ = assignment.handle(.workerLeft(rank: 1, reason: .silent(.seconds(30))), at: .seconds(80))
        _ = assignment.handle(.workerJoined(rank: 2, credit: 2), at: .seconds(81))
        _ = assignment.handle(.batchStarted(rank: 2, batch: 0), at: .seconds(81))
        // What another has taken over in the meantime is let go, except what it was computing.
        #expect(
            assignment.handle(.workerReturned(rank: 1), at: .seconds(82)) == [.cancel(batch: 1, rank: 1)])
        #expect(
            assignment.handle(.batchFinished(rank: 1, batch: 0), at: .seconds(83)) == [
                .accept(batch: 0, rank: 1), .cancel(batch: 0, rank: 2),
            ])
        #expect(
            assignment.handle(.batchFinished(rank: 2, batch: 0), at: .seconds(84)) == [
                .discardDuplicate(batch: 0, rank: 2)
            ])
    }

    @Test("the result of a worker that was given up is accepted from the queue")
    func lateResult() {
        var assignment = Assignment(batches: Self.works([1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        _ = assignment.handle(.workerLeft(rank: 1, reason: .silent(.seconds(30))), at: .zero)
        #expect(
            assignment.handle(.batchFinished(rank: 1, batch: 0), at: .seconds(40)) == [
                .accept(batch: 0, rank: 1), .finished,
            ])
    }

    @Test("a drain lets what runs finish and returns the rest")
    func drain() {
        var assignment = Assignment(batches: Self.works([3, 2, 1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        _ = assignment.handle(.batchStarted(rank: 1, batch: 0), at: .zero)
        #expect(assignment.handle(.drainRequested, at: .zero) == [.drain(rank: 1)])
        #expect(assignment.handle(.workerJoined(rank: 2, credit: 2), at: .zero) == [.drain(rank: 2)])
        #expect(assignment.handle(.cancelAcknowledged(rank: 1, batch: 1), at: .zero).isEmpty)
        #expect(
            assignment.handle(.batchFinished(rank: 1, batch: 0), at: .zero) == [.accept(batch: 0, rank: 1), .stopped])
        #expect(assignment.unresolved == 2)
    }

    @Test("a stop ends at once, and a result that is late then still counts")
    func stop() {
        var assignment = Assignment(batches: Self.works([3, 2, 1]))
        _ = assignment.handle(.workerJoined(rank: 1, credit: 2), at: .zero)
        #expect(assignment.handle(.stopRequested, at: .zero) == [.stopped])
        #expect(assignment.handle(.batchFinished(rank: 1, batch: 0), at: .zero) == [.accept(batch: 0, rank: 1)])
    }

    @Test("nothing to do is finished at the first event")
    func empty() {
        var assignment = Assignment(batches: [])
        #expect(assignment.handle(.tick, at: .zero) == [.finished])
        #expect(assignment.handle(.tick, at: .seconds(1)).isEmpty)
    }
}
