import Foundation
import Logging
@testable import Planning
import Method
import Shard
import TestSupport
import Testing

@testable import Coordinator

@Suite struct RunKeeperTests {
    private let folder: TemporaryFolder
    private let run: Run

    /// Five samples: batches 0 and 1 in shard 0, batch 2 in shard 1.
    init() throws {
        folder = try TemporaryFolder()
        let job = try testJob("batch=2", "shard=4")
        let samples = (0..<5).map {
            PlannedSample(
                index: $0, key: "k\($0)", task: .v2a, prompt: "p", negativePrompt: "", input: nil, seed: UInt64($0),
                duration: 1)
        }
        run = try Run.publish(
            Plan(samples: samples, job: job), .generation(job), models: [], expectedBytes: 1,
            in: RunDirectory(folder.url.appending(path: "run", directoryHint: .isDirectory))
        ).run
    }

    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private static let progress = progress(workers: 1)

    private static func progress(workers: Int) -> RunProgress {
        RunProgress(
            samplesDone: 0, samplesFailed: 0, samplesTotal: 5, elapsedSeconds: 0, ratePerHour: nil, etaSeconds: nil,
            workers: workers, workersBusy: 0)
    }

    private func keeper(beatEvery interval: Duration = .seconds(5)) throws -> RunKeeper {
        try RunKeeper(
            run, reporter: ProgressReporter(style: .lines, write: { _ in }), beatEvery: interval, log: silent)
    }

    /// What a worker publishes; `failed` samples have no bytes.
    private func publish(_ batch: Int, failed: Set<Int> = []) throws -> BatchReport {
        let planned = try run.samples(of: batch, as: PlannedSample.self)
        let made = planned.filter { !failed.contains($0.index) }
        let segment = try EncodedSegment(
            batch: batch, configSHA256: run.description.configSHA256,
            samples: made.map { Sample(key: $0.key, members: ["json": Array("{\"i\":\($0.index)}".utf8)]) },
            rows: planned.map {
                SampleRow(
                    index: $0.index, key: $0.key, task: "v2a", prompt: "p", seed: $0.seed,
                    status: failed.contains($0.index) ? .failed : .ok,
                    error: failed.contains($0.index) ? .init(kind: "silent", message: "nothing") : nil)
            })
        let store = SegmentStore(layout: run.directory.layout, configSHA256: run.description.configSHA256)
        let published = try store.publish(segment) == .published
        return BatchReport(
            batch: batch, succeeded: made.count, failed: failed.count, bytes: segment.data.count, seconds: 1,
            published: published)
    }

    private var status: String? {
        (try? String(contentsOf: run.directory.status, encoding: .utf8))?.trimmingCharacters(
            in: .whitespacesAndNewlines)
    }

    @Test func shardsAreAssembledAsTheirBatchesCome() async throws {
        let keeper = try keeper()
        let before = try await keeper.resume()
        #expect(before.batches.map(\.number) == [0, 1, 2])
        for batch in [2, 0, 1] { try await keeper.batchAccepted(publish(batch, failed: batch == 1 ? [3] : [])) }
        #expect(try await keeper.finish(.complete) == [])
        #expect(status == nil)
        try await keeper.leave(exitCode: 3)
        #expect(status == "complete 3")
        let index = DatasetIndex(layout: run.directory.layout)
        let records = try index.shardNumbers().compactMap(index.record(shard:))
        #expect(records.map(\.nsamples) == [3, 1])
        #expect(records.map(\.nfailed) == [1, 0])
        #expect(try Verifier(layout: run.directory.layout, deep: true, plannedShards: 2).verify().findings.isEmpty)
    }

    @Test func aSecondStartDoesOnlyWhatIsLeft() async throws {
        do {
            let first = try keeper()
            _ = try await first.resume()
            for batch in [0, 2] { try await first.batchAccepted(publish(batch)) }
            var reader = try RunStatusReader(run.directory)
            try await first.progress(Self.progress)
            #expect(try await first.finish(.stopped) == [])
            try await first.leave(exitCode: 75)
            #expect(status == "stopped 75")
            // The beat is fresh, and yet nobody works on the run any more.
            #expect(FileManager.default.fileExists(atPath: run.directory.beat.path))
            #expect(try reader.read().state == .stopped)
        }
        let second = try keeper()
        let before = try await second.resume()
        #expect(before.batches.map(\.number) == [1])
        #expect((before.samplesDone, before.samplesFailed, before.epoch) == (3, 0, 2))
        try await second.batchAccepted(publish(1))
        #expect(try await second.finish(.complete) == [])
    }

    @Test func adamagedSegmentIsDoneAgain() async throws {
        do {
            let first = try keeper()
            _ = try await first.resume()
            try await first.batchAccepted(publish(0))
            _ = try await first.finish(.stopped)
        }
        let segments = run.directory.layout.segments
        let data = try #require(
            FileManager.default.contentsOfDirectory(atPath: segments).first { $0.hasSuffix(".seg") })
        var bytes = try Data(contentsOf: URL(filePath: segments + "/" + data))
        bytes.removeLast()
        try bytes.write(to: URL(filePath: segments + "/" + data))
        let second = try keeper()
        let before = try await second.resume()
        #expect(before.damaged.count == 1)
        #expect(before.batches.map(\.number) == [0, 1, 2])
    }

    @Test func abyteThatFlippedIsFoundWhenTheShardIsAssembled() async throws {
        let first = try keeper()
        _ = try await first.resume()
        let report = try publish(0)
        let segments = run.directory.layout.segments
        let data = try #require(
            FileManager.default.contentsOfDirectory(atPath: segments).first { $0.hasSuffix(".seg") })
        var bytes = try Data(contentsOf: URL(filePath: segments + "/" + data))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: segments + "/" + data))
        for report in [report, try publish(1), try publish(2)] { try await first.batchAccepted(report) }
        #expect(try await first.finish(.complete).count == 1)
        try await first.leave(exitCode: 75)
        #expect(status == "stopped 75")
    }

    @Test func aBatchThatIsGivenUpLeavesARowForEachSample() async throws {
        let keeper = try keeper()
        _ = try await keeper.resume()
        for batch in [0, 1] { try await keeper.batchAccepted(publish(batch)) }
        try await keeper.batchFailed(2, BatchFailure(kind: "crashed", message: "the worker died", retryable: false))
        #expect(try await keeper.finish(.completeWithFailures) == [])
        let rows = try DatasetIndex(layout: run.directory.layout).rows(shard: 1)
        #expect(rows.map(\.error?.kind) == ["crashed"])
        #expect(!FileManager.default.fileExists(atPath: run.directory.layout.shards + "/shard-000001.tar.zst"))
    }

    @Test("a change in the number of workers is told before the next beat is due")
    func workersInTheBeat() async throws {
        let keeper = try keeper(beatEvery: .seconds(3600))
        _ = try await keeper.resume()
        for workers in [0, 3, 3, 2] { try await keeper.progress(Self.progress(workers: workers)) }
        // Beats are written by a thread of their own: one at the start, and one for each change.
        var words: [Substring] = []
        while words.last != "2\n" {
            try await Task.sleep(for: .milliseconds(2))
            words = ((try? String(contentsOf: run.directory.beat, encoding: .utf8)) ?? "")[...].split(separator: " ")
        }
        #expect(words.dropLast().last == "3")
    }

    /// As on a file system whose locks do not reach from host to host.
    @Test func aCoordinatorEndsWhenAnotherHasBegun() async throws {
        let first = try keeper(beatEvery: .milliseconds(1))
        let epoch = try await first.resume().epoch
        try await first.progress(Self.progress)
        try Data("\(epoch + 1)\n".utf8).write(to: run.directory.epoch)
        let error = await #expect(throws: RunTakenOver.self) {
            while true {
                try await first.progress(Self.progress)
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        #expect(error?.description.contains("start \(epoch + 1)") == true)
        await #expect(throws: RunTakenOver.self) { try await first.batchAccepted(publish(0)) }
    }

    /// On a file system whose locks do not reach from host to host, where both read the same number.
    @Test(
        "of two that took a run up in the same moment one ends, the same one on both sides",
        arguments: ["!first", "~last"])
    func sameMoment(host: String) async throws {
        let keeper = try keeper(beatEvery: .milliseconds(1))
        let epoch = try await keeper.resume().epoch
        func goesOn() async throws {
            for _ in 0..<50 {
                try Data("\(host) 7 \(epoch) 1 0\n".utf8).write(to: run.directory.beat)
                try await keeper.progress(Self.progress)
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        if host == "!first" {
            let error = await #expect(throws: RunTakenOver.self) { try await goesOn() }
            #expect(error?.description.contains("at the same moment") == true)
        } else {
            try await goesOn()
        }
    }

    @Test(arguments: [true, false]) func aHeartThatBeatsOnAnotherHostIsWaitedFor(beats: Bool) async throws {
        try Data("process 7 on elsewhere\n".utf8).write(to: run.directory.lock)
        try Data("elsewhere 7 1 1\n".utf8).write(to: run.directory.beat)
        let lock = try RunLock(run.directory)
        let heart = Task { [beat = run.directory.beat] in
            var number = 1
            while beats {
                number += 1
                try Data("elsewhere 7 1 \(number)\n".utf8).write(to: beat)
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        let held = RunLockError.held(path: run.directory.url.path, by: "process 7 on elsewhere")
        if beats {
            await #expect(throws: held) { try await lock.watchForOthers(for: .seconds(1)) }
        } else {
            try await lock.watchForOthers(for: .milliseconds(200))
        }
        heart.cancel()
    }

    /// A host that stood still while the others finished, and one that lost its power while it wrote.
    @Test func whatComesAfterTheEndChangesNothing() async throws {
        let keeper = try keeper()
        _ = try await keeper.resume()
        for batch in 0..<3 { try await keeper.batchAccepted(publish(batch)) }
        let layout = run.directory.layout
        for folder in [layout.segments, layout.shards] {
            try Data("half".utf8).write(to: URL(filePath: "\(folder)/.half.tmp.elsewhere.7"))
        }
        #expect(try await keeper.finish(.complete).isEmpty)
        let names = { try FileManager.default.subpathsOfDirectory(atPath: run.directory.url.path).sorted() }
        let before = try names()
        #expect(!before.contains { $0.contains(".tmp.") })
        let late = run.description.segments(in: layout)
        let segment = try EncodedSegment(
            batch: 0, configSHA256: run.description.configSHA256, samples: [],
            rows: run.samples(of: 0, as: PlannedSample.self).map {
                SampleRow(
                    index: $0.index, key: $0.key, task: "v2a", prompt: "p", seed: $0.seed, status: .failed,
                    error: .init(kind: "late", message: "late"))
            })
        #expect(try late.publish(segment) == .lost)
        #expect(try names() == before)
        #expect(try Verifier(layout: layout, deep: true).verify().findings.isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func aNewRunWaitsForNobody() async throws {
        try await RunLock(run.directory).watchForOthers(for: .seconds(3600))
        // Nor does one that the same host had.
        try await RunLock(run.directory).watchForOthers(for: .seconds(3600))
    }

    @Test func failedSamplesAreMarkedForAnotherAttempt() async throws {
        let before = try await finishedWithFailures()
        // Of another kind, of another key: nothing.
        #expect(throws: RunRetryError.noSuchKind("nan", there: ["silent"])) { try RunRetry(run).mark(kinds: ["nan"]) }
        #expect(throws: RunRetryError.noSuchKey("other")) { try RunRetry(run).mark(keys: ["other"]) }
        #expect(throws: RunRetryError.hasNotFailed("k0")) { try RunRetry(run).mark(keys: ["k0", "k3"]) }
        #expect(status != nil)
        let outcome = try RunRetry(run).mark(kinds: ["silent"])
        #expect(outcome == RunRetry.Outcome(samples: 1, batches: 1, made: 1, shards: 1, hopeless: 0))
        #expect(status == nil)
        // Shard 0 is open again: batch 0 is kept as a segment, batch 1 is to be done.
        let second = try keeper()
        let left = try await second.resume()
        #expect(left.batches.map(\.number) == [1] && left.damaged.isEmpty)
        #expect((left.samplesDone, left.samplesFailed) == (3, 0))
        try await second.batchAccepted(publish(1))
        #expect(try await second.finish(.complete) == [])
        let verified = try Verifier(layout: run.directory.layout, deep: true, plannedShards: 2).verify()
        #expect(verified.findings.isEmpty)
        let index = DatasetIndex(layout: run.directory.layout)
        #expect(try index.rows(shard: 0).map(\.status) == [.ok, .ok, .ok, .ok])
        #expect(try index.record(shard: 0)?.frames.prefix(2) == before.frames.prefix(2))
    }

    /// A run of which sample 3, of batch 1, failed; the record of its shard.
    private func finishedWithFailures() async throws -> CommitRecord {
        let keeper = try keeper()
        _ = try await keeper.resume()
        for batch in [0, 1, 2] { try await keeper.batchAccepted(publish(batch, failed: batch == 1 ? [3] : [])) }
        _ = try await keeper.finish(.completeWithFailures)
        try await keeper.leave(exitCode: 3)
        return try #require(try DatasetIndex(layout: run.directory.layout).record(shard: 0))
    }

    @Test func whoWorksOnARunIsNotDisturbedByARetry() async throws {
        let working = try keeper()
        _ = try await working.resume()
        #expect(throws: RunLockError.self) { try RunRetry(run).mark() }
    }

    @Test func aRunHasOneCoordinatorAtATime() async throws {
        let first = try keeper()
        let error = #expect(throws: RunLockError.self) { try keeper() }
        #expect("\(try #require(error))".contains("process \(ProcessInfo.processInfo.processIdentifier)"))
        withExtendedLifetime(first) {}
    }
}
