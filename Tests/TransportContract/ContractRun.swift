import Coordinator
import Logging
import Synchronization

/// A whole run of the loops over a transport: every batch is accepted once or given up once.
enum ContractRun {
    static let batches = 60
    /// Fails on every worker.
    static let hopeless = 11
    /// Fails once.
    static let unlucky = 7

    static func run(on transport: any Transport, coordinatorWorks: Bool) async throws -> Bool {
        let log = Logger(label: "contract") { _ in SwiftLogNoOpLogHandler() }
        let identity = WorkerIdentity(host: "here", pid: transport.rank, device: "cpu", configSHA256: "ab")
        guard transport.rank == 0 else {
            let end = await WorkerLoop(
                transport: transport, runner: ContractRunner(rank: transport.rank), publisher: nil, identity: identity,
                log: log
            ).run()
            try TransportContract.require(end.outcome == .finished, "worker \(transport.rank): \(end.outcome)")
            return end.everyoneAlive
        }
        let works = coordinatorWorks || transport.peers.isEmpty
        let pair = InMemoryNetwork.pair()
        let all: any Transport =
            transport.peers.isEmpty
            ? pair.coordinator : works ? CompositeTransport(remote: transport, local: pair.coordinator) : transport
        let own =
            works
            ? WorkerLoop(
                transport: pair.worker, runner: ContractRunner(rank: 0), publisher: nil, identity: identity, log: log)
            : nil
        async let ownEnd = own?.run()
        let ledger = ContractLedger()
        let coordinator = CoordinatorLoop(
            batches: (0..<batches).map { BatchWork(number: $0, expectedCost: Double($0 % 7), samples: 2) },
            transport: all, delegate: ledger,
            configuration: CoordinatorConfiguration(epoch: 3, configSHA256: "ab", samplesTotal: batches * 2), log: log)
        let end = try await coordinator.run()
        let workerEnd = await ownEnd
        pair.coordinator.close()
        pair.worker.close()
        let expected = Set(0..<batches).subtracting([hopeless])
        let (accepted, failed) = ledger.results
        try TransportContract.require(
            accepted.count == expected.count && Set(accepted) == expected, "accepted: \(accepted.sorted())")
        try TransportContract.require(failed == [hopeless], "given up: \(failed)")
        try TransportContract.require(end.outcome == .completeWithFailures, "the run ended as \(end.outcome)")
        try TransportContract.require(end.missing.isEmpty, "missing at the end: \(end.missing)")
        if works {
            try TransportContract.require(workerEnd?.outcome == .finished, "rank 0 as worker: \(workerEnd as Any)")
        }
        return end.missing.isEmpty
    }
}

/// Does batches in no time.
private final class ContractRunner: BatchRunner {
    private let rank: Int
    private let hadBadLuck = Mutex(false)

    init(rank: Int) { self.rank = rank }

    func prefetch(_ batch: Int) async {}

    func run(_ order: BatchOrder, _ watch: BatchWatch) async throws -> BatchReport {
        let batch = order.batch
        watch.progress(0.5)
        if batch == ContractRun.hopeless {
            throw BatchFailure(kind: "hopeless", message: "rank \(rank) cannot do it", retryable: true)
        }
        let first = hadBadLuck.withLock { had in
            defer { had = true }
            return !had
        }
        if batch == ContractRun.unlucky, first {
            throw BatchFailure(kind: "unlucky", message: "rank \(rank) did not do it", retryable: true)
        }
        return BatchReport(batch: batch, succeeded: 2, failed: 0, bytes: 100, seconds: 0.001, published: true)
    }

    func discard(_ batch: Int) async {}
}

private final class ContractLedger: CoordinatorDelegate {
    private let state = Mutex<(accepted: [Int], failed: [Int])>(([], []))

    var results: (accepted: [Int], failed: [Int]) { state.withLock { $0 } }

    func batchAccepted(_ report: BatchReport) async throws { state.withLock { $0.accepted.append(report.batch) } }
    func batchFailed(_ batch: Int, _ failure: BatchFailure) async throws { state.withLock { $0.failed.append(batch) } }
    func progress(_ progress: RunProgress) async {}
}
