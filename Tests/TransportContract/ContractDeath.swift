package import Coordinator
import Foundation
import Logging
import Synchronization

extension TransportContract {
    /// A run in which one worker is killed while it computes.
    /// - Returns: whether everybody was alive at the end: false, unless the victim was not asked to do anything.
    package static func surviveDeath(of victim: Int, on transport: any Transport) async throws -> Bool {
        let log = Logger(label: "contract") { _ in SwiftLogNoOpLogHandler() }
        // One that starts late would find nothing left to die in.
        var inbox = ContractInbox(transport)
        try await meet(transport, &inbox)
        var worker = WorkerConfiguration()
        worker.heartbeat = .milliseconds(200)
        guard transport.rank == 0 else {
            let identity = WorkerIdentity(host: "here", pid: transport.rank, device: "cpu", configSHA256: "ab")
            return await WorkerLoop(
                transport: transport, runner: MortalRunner(dies: transport.rank == victim), publisher: nil,
                identity: identity,
                configuration: worker, log: log
            ).run().everyoneAlive
        }
        var configuration = CoordinatorConfiguration(epoch: 1, configSHA256: "ab", samplesTotal: 20)
        // Short enough for a test, and long enough for ranks and a coordinator that a busy machine lets wait.
        configuration.silenceLimit = .seconds(8)
        configuration.tick = .milliseconds(100)
        // The victim is not waited for; the others, on a machine that is busy, may take a while.
        configuration.farewellLimit = .seconds(60)
        let ledger = CountingLedger()
        let end = try await CoordinatorLoop(
            batches: (0..<20).map { BatchWork(number: $0, expectedCost: 1) }, transport: transport, delegate: ledger,
            configuration: configuration, log: log
        ).run()
        try require(end.outcome == .complete, "the run ended as \(end.outcome)")
        try require(end.missing == [victim], "missing: \(end.missing)")
        try require(ledger.accepted.withLock { $0.sorted() } == Array(0..<20), "not every batch once")
        return end.missing.isEmpty
    }
}

private final class MortalRunner: BatchRunner {
    private let dies: Bool
    private let ran = Mutex(0)

    init(dies: Bool) { self.dies = dies }

    func prefetch(_ batch: Int) async {}

    func run(_ order: BatchOrder, _ watch: BatchWatch) async throws -> BatchReport {
        let count = ran.withLock { ran in
            ran += 1
            return ran
        }
        // The survivor must not have done everything before the victim gets its second batch.
        try await Task.sleep(for: .milliseconds(20))
        if dies, count == 2 { kill(getpid(), SIGKILL) }
        return BatchReport(batch: order.batch, succeeded: 1, failed: 0, bytes: 1, seconds: 0.02, published: true)
    }

    func discard(_ batch: Int) async {}
}

private final class CountingLedger: CoordinatorDelegate {
    let accepted = Mutex<[Int]>([])

    func batchAccepted(_ report: BatchReport) async throws { accepted.withLock { $0.append(report.batch) } }
    func batchFailed(_ batch: Int, _ failure: BatchFailure) async throws {}
    func progress(_ progress: RunProgress) async {}
}
