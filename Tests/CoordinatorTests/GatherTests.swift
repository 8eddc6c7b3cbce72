import Foundation
import Logging
import Method
import Planning
import Shard
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

/// Segments and plans that travel by messages.
@Suite("Gather: mpi", .timeLimit(.minutes(1))) struct GatherTests {
    private let folder: TemporaryFolder
    private let store: SegmentStore
    private static let config = String(repeating: "ab", count: 32)

    init() throws {
        folder = try TemporaryFolder()
        store = SegmentStore(layout: RunLayout(run: folder.url.appending(path: "run").path), configSHA256: Self.config)
        try store.layout.create()
    }

    private func segment(_ batch: Int, bytes: Int = 5000, config: String = config) throws -> EncodedSegment {
        var random = SplitMix64(seed: UInt64(batch))
        let data = random.bytes(bytes)
        let key = "k\(batch)"
        return try EncodedSegment(
            batch: batch, configSHA256: config, samples: [Sample(key: key, members: ["bin": data])],
            rows: [SampleRow(index: batch, key: key, task: "v2a", prompt: nil, seed: 1, status: .ok)])
    }

    private func intake(width: Int = 2, pause: Duration = .milliseconds(20)) throws -> SegmentIntake {
        try SegmentIntake(store, width: width, largestPiece: 700, pause: pause, log: loopLog)
    }

    /// A worker joined to an intake; `loses` says which of its messages never arrive.
    private func uplink(
        _ intake: SegmentIntake, rank: Int, reminder: Duration = .seconds(3600),
        loses: @escaping @Sendable (SegmentMessage) -> Bool = { _ in false }
    ) -> SegmentUplink {
        let box = Mutex<SegmentUplink?>(nil)
        let shared = Shared(box)
        let uplink = SegmentUplink(clock: LoopClock(ContinuousClock()), reminderInterval: reminder) { message in
            guard case .segment(let batch, let said) = message, !loses(said) else { return }
            intake.take(said, batch: batch, from: rank) { answer in
                Task { await shared.uplink?.take(answer, batch: batch) }
            }
        }
        shared.set(uplink)
        return uplink
    }

    private final class Shared: Sendable {
        private let box: Mutex<SegmentUplink?>
        init(_ box: consuming Mutex<SegmentUplink?>) { self.box = box }
        var uplink: SegmentUplink? { box.withLock { $0 } }
        func set(_ uplink: SegmentUplink) { box.withLock { $0 = uplink } }
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: store.layout.segments).sorted()
    }

    @Test func whatIsSentHasTheBytesOfWhatIsWritten() async throws {
        let intake = try intake()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for rank in 1...6 {
                let uplink = uplink(intake, rank: rank)
                group.addTask {
                    for number in 0..<4 {
                        let segment = try segment(rank * 4 + number, bytes: number * 2300)
                        #expect(try await uplink.publish(segment) == .published)
                    }
                }
            }
            try await group.waitForAll()
        }
        let other = SegmentStore(
            layout: RunLayout(run: folder.url.appending(path: "other").path), configSHA256: Self.config)
        try other.layout.create()
        for batch in 4..<28 { _ = try other.publish(segment(batch, bytes: batch % 4 * 2300)) }
        let expected = try FileManager.default.contentsOfDirectory(atPath: other.layout.segments).sorted()
        #expect(try names() == expected)
        for name in expected {
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "\(store.layout.segments)/\(name)", andPath: "\(other.layout.segments)/\(name)"), "\(name)")
        }
        // One that is there already is not fetched again.
        let asked = Mutex(0)
        let counter = Counter(asked)
        let late = uplink(intake, rank: 9) {
            if case .piece = $0 { counter.count() }
            return false
        }
        #expect(try await late.publish(segment(4, bytes: 0)) == .lost)
        #expect(counter.value == 0)
    }

    private final class Counter: Sendable {
        private let number: Mutex<Int>
        init(_ number: consuming Mutex<Int>) { self.number = number }
        var value: Int { number.withLock { $0 } }
        @discardableResult func count() -> Int {
            number.withLock {
                $0 += 1
                return $0
            }
        }
    }

    @Test func anOfferThatWasForgottenIsMadeAgain() async throws {
        let intake = try intake()
        let counter = Counter(Mutex(0))
        // The worker was silent in the middle: the coordinator let go of it, and a piece went astray.
        let uplink = uplink(intake, rank: 1, reminder: .milliseconds(30)) { message in
            guard case .piece = message, counter.count() == 3 else { return false }
            intake.drop(rank: 1)
            return true
        }
        #expect(try await uplink.publish(segment(3)) == .published)
        #expect(try store.sidecar(batch: 3) != nil)
    }

    @Test func aPieceThatWentAstrayIsAskedForAgain() async throws {
        let counter = Counter(Mutex(0))
        let uplink = uplink(try intake(), rank: 1, reminder: .milliseconds(30)) { message in
            if case .piece = message { counter.count() == 2 } else { false }
        }
        #expect(try await uplink.publish(segment(3)) == .published)
    }

    @Test func aBatchThatIsCalledBackLeavesNothing() async throws {
        let intake = try intake(width: 1)
        let begun = AsyncStream.makeStream(of: Void.self)
        let counter = Counter(Mutex(0))
        let uplink = uplink(intake, rank: 1) { message in
            guard case .piece = message, counter.count() == 4 else { return false }
            begun.continuation.yield()
            return true
        }
        let publication = Task { try await uplink.publish(segment(3)) }
        for await _ in begun.stream { break }
        publication.cancel()
        await #expect(throws: CancellationError.self) { try await publication.value }
        intake.drop(rank: 1, batch: 3)
        // The next one's turn has come.
        #expect(try await self.uplink(intake, rank: 2).publish(segment(4)) == .published)
        await intake.close()
        #expect(try names().allSatisfy { $0.hasPrefix("batch-000004") })
    }

    @Test func aDiskThatComesBackIsWaitedFor() async throws {
        let intake = try intake()
        let uplink = uplink(intake, rank: 1)
        try FileManager.default.removeItem(atPath: store.layout.segments)
        let publication = Task { try await uplink.publish(segment(3)) }
        while intake.trouble(longerThan: .zero) == nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(intake.trouble(longerThan: .zero)?.contains(store.layout.segments) == true)
        #expect(intake.trouble(longerThan: .seconds(3600)) == nil)
        try store.layout.create()
        #expect(try await publication.value == .published)
        #expect(intake.trouble(longerThan: .zero) == nil)
    }

    @Test func aSegmentOfAnotherJobIsRefused() async throws {
        let uplink = uplink(try intake(), rank: 1)
        let error = await #expect(throws: BatchFailure.self) {
            try await uplink.publish(segment(3, config: String(repeating: "cd", count: 32)))
        }
        #expect(error?.kind == "notStored")
        #expect(error?.message.contains("choose another run directory") == true)
    }

    // MARK: - The plan

    private func plannedRun() throws -> Run {
        let job = try testJob("batch=2", "shard=4")
        let samples = (0..<50).map {
            PlannedSample(
                index: $0, key: "k\($0)", task: .v2a, prompt: "p\($0)", negativePrompt: "", input: nil,
                seed: UInt64($0), duration: 1)
        }
        let directory = RunDirectory(folder.url.appending(path: "planned", directoryHint: .isDirectory))
        return try Run.publish(
            Plan(samples: samples, job: job), .generation(job), models: [], expectedBytes: 1, in: directory
        )
        .run
    }

    /// Answers a rank as the coordinator does, until `stops` says otherwise.
    private func answer(
        _ end: InMemoryTransport, _ piece: @escaping @Sendable (Int) throws -> CoordinatorMessage
    ) -> Task<Void, any Error> {
        Task {
            for await event in end.events {
                guard case .message(let rank, let bytes) = event,
                    case .worker(.wantsRun(let offset)) = try WireMessage(decoding: bytes).body
                else { continue }
                try await end.send(WireMessage(epoch: 3, .coordinator(piece(offset))).encoded(), to: rank)
            }
        }
    }

    @Test func aRankWithoutTheDirectoryGetsACopy() async throws {
        let run = try plannedRun()
        let network = InMemoryNetwork.mesh(size: 2)
        let files = RunFiles(directory: run.directory, largestPiece: 333)
        let coordinator = answer(network.endpoint(0)) { .run(try files.piece(at: $0)) }
        defer { coordinator.cancel() }
        let copy = folder.url.appending(path: "copy")
        #expect(try await RunCopy.receive(over: network.endpoint(1), into: { copy }) == .copied(copy))
        let received = try Run.open(RunDirectory(copy))
        #expect(try received.samples == run.samples)
        #expect(received.description == run.description)
        // Also over an older copy.
        let again = InMemoryNetwork.mesh(size: 2)
        let second = answer(again.endpoint(0)) { .run(try files.piece(at: $0)) }
        defer { second.cancel() }
        #expect(try await RunCopy.receive(over: again.endpoint(1), into: { copy }) == .copied(copy))
    }

    @Test func aRankThatSeesTheDirectoryReadsItThere() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let coordinator = answer(network.endpoint(0)) { _ in .run(RunPiece()) }
        defer { coordinator.cancel() }
        let copy = folder.url.appending(path: "copy")
        #expect(try await RunCopy.receive(over: network.endpoint(1), into: { copy }) == .shared)
        #expect(!FileManager.default.fileExists(atPath: copy.path))
    }

    @Test(arguments: [
        (
            CoordinatorMessage.run(RunPiece(sizes: .init(description: 3, plan: 3), offset: 1, bytes: [1])),
            RunCopyError.changed
        ),
        (.run(RunPiece(sizes: .init(description: 3, plan: 3), offset: 0, bytes: [])), .changed),
        (.run(RunPiece(sizes: .init(description: 1, plan: 1), offset: 0, bytes: [1, 2, 3])), .changed),
    ])
    func whatIsNoPieceEndsIt(said: CoordinatorMessage, error: RunCopyError) async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let coordinator = answer(network.endpoint(0)) { _ in said }
        defer { coordinator.cancel() }
        await #expect(throws: error) {
            try await RunCopy.receive(
                over: network.endpoint(1), into: { [folder] in folder.url.appending(path: "copy") })
        }
    }

    /// A run with nothing left to do ends before its ranks have asked.
    @Test(arguments: [true, false])
    func aRankWhoseRunIsOverTakesItsLeave(everyoneAlive: Bool) async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        let zero = network.endpoint(0)
        let coordinator = Task {
            func say(_ message: CoordinatorMessage) async throws {
                try await zero.send(WireMessage(epoch: 7, .coordinator(message)).encoded(), to: 1)
            }
            try await say(.stop(.finished))
            for await event in zero.events {
                guard case .message(1, let bytes) = event else { continue }
                let message = try WireMessage(decoding: bytes)
                if case .worker(.goodbye) = message.body {
                    try await say(.dismiss(everyoneAlive: everyoneAlive))
                    return message.epoch
                }
            }
            return 0
        }
        let answer = try await RunCopy.receive(
            over: network.endpoint(1), into: { [folder] in folder.url.appending(path: "copy") })
        #expect(answer == .over(everyoneAlive: everyoneAlive))
        #expect(try await coordinator.value == 7)
    }

    @Test func aRankZeroThatDoesNotDismissIsNotWaitedForForEver() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        try await network.endpoint(0).send(WireMessage(epoch: 7, .coordinator(.stop(.stopped))).encoded(), to: 1)
        let answer = try await RunCopy.receive(
            over: network.endpoint(1), into: { [folder] in folder.url.appending(path: "copy") },
            dismissalLimit: .milliseconds(30))
        #expect(answer == .over(everyoneAlive: false))
    }

    @Test func aSilentRankZeroIsNotWaitedForForEver() async throws {
        let network = InMemoryNetwork.mesh(size: 2)
        await #expect(throws: RunCopyError.late) {
            try await RunCopy.receive(
                over: network.endpoint(1), into: { [folder] in folder.url.appending(path: "copy") },
                limit: .milliseconds(30))
        }
    }
}
