import Coordinator
import Foundation
import Logging
import Method
import Planning
import Shard
import Testing
import Torch

@testable import Worker

/// A rank's work on real batches, with the small random models.
@Suite(.serialized) struct SampleBatchRunnerTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func runner(_ temporary: TemporaryRun) async throws -> SampleBatchRunner {
        let runner = try SampleBatchRunner(
            run: temporary.run, rank: 3, device: .cpu, pauses: [.milliseconds(10)], log: log)
        try await runner.prepare()
        return runner
    }

    private func publisher(
        _ temporary: TemporaryRun, patience: StoragePatience = StoragePatience()
    ) throws -> SharedSegments {
        let run = temporary.run
        let store = SegmentStore(layout: run.directory.layout, configSHA256: run.description.configSHA256)
        return try SharedSegments(store, patience: patience, log: log)
    }

    @Test func aBatchIsPublishedWithItsRows() async throws {
        let temporary = try TemporaryRun([("a", .image, "a.ppm"), ("b", .image, "b.ppm")])
        try temporary.writeImage("a.ppm", shade: 10)
        try temporary.writeImage("b.ppm", shade: 200)
        let runner = try await runner(temporary)
        await runner.prefetch(0)
        let (said, note) = AsyncStream.makeStream(of: String.self)
        let noting = NotingPublisher(publisher: try publisher(temporary)) { note.yield("published") }
        let report = try await runner.run(
            BatchOrder(batch: 0), BatchWatch(publisher: noting, computed: { note.yield("computed") }))
        note.finish()
        #expect(await said.reduce(into: []) { $0.append($1) } == ["computed", "published"])
        #expect((report.succeeded, report.failed, report.published) == (2, 0, true))
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        let sidecar = try #require(try store.sidecar(batch: 0))
        #expect(sidecar.rows.map(\.status) == [.ok, .ok])
        #expect(sidecar.rows.allSatisfy { $0.rank == 3 && $0.losses.count == 1 && $0.losses[0].isFinite })
        #expect(sidecar.rows[0].stages?["audio.vocoder"] ?? 0 > 0)
        #expect(
            sidecar.frames.map { $0.members.keys.sorted() }
                == Array(repeating: ["audio_latent.npy", "flac", "json"], count: 2))
    }

    /// One batch of all five tasks: each sample has its task's members, and what is missing stays out.
    @Test func oneBatchHoldsAllTasks() async throws {
        let temporary = try TemporaryRun(
            [("v", .image, "a.ppm")],
            more: [
                PlannedSample(
                    index: 1, key: "heard", task: .a2v, prompt: "a bell", negativePrompt: "blurry",
                    input: PlannedInput(kind: .audio, path: "s.wav", start: 0, duration: 1, bytes: 1), seed: 1,
                    duration: 1, frames: 4),
                PlannedSample(
                    index: 2, key: "seen", task: .a2i, prompt: nil, negativePrompt: "",
                    input: PlannedInput(kind: .audio, path: "s.wav", start: 0, duration: 1, bytes: 1), seed: 2,
                    duration: 0, frames: 1),
                PlannedSample(
                    index: 3, key: "both", task: .joint, prompt: "rain", negativePrompt: "", input: nil, seed: 3,
                    duration: 0.75, frames: 3),
                PlannedSample(
                    index: 4, key: "mute", task: .a2i, prompt: "wind", negativePrompt: "",
                    input: PlannedInput(kind: .audio, path: "none.wav", start: 0, duration: 1, bytes: 1), seed: 4,
                    duration: 0, frames: 1),
            ])
        try temporary.writeImage("a.ppm", shade: 10)
        try temporary.writeAudio("s.wav", amplitude: 9000)
        try temporary.writeAudio("none.wav", amplitude: 0)
        let report = try await runner(temporary).run(
            BatchOrder(batch: 0), BatchWatch(publisher: try publisher(temporary)))
        #expect((report.succeeded, report.failed) == (4, 1))
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        let sidecar = try #require(try store.sidecar(batch: 0))
        #expect(sidecar.rows.map(\.status) == [.ok, .ok, .ok, .ok, .failed])
        #expect(sidecar.rows[4].error?.kind == "silentInput")
        #expect(sidecar.rows[2].prompt == "a violin", "the only label")
        #expect(sidecar.rows[..<4].allSatisfy { !$0.losses.isEmpty && $0.losses.allSatisfy(\.isFinite) })
        #expect(
            sidecar.frames.map { $0.members.keys.sorted() } == [
                ["audio_latent.npy", "flac", "json"], ["json", "mp4", "video_latent.npy"],
                ["json", "png", "video_latent.npy"],
                ["audio_latent.npy", "flac", "json", "mp4", "video_latent.npy"],
            ])
    }

    @Test func twoRunsOfOnePlanHaveTheSameBytes() async throws {
        var hashes: Set<String> = []
        for _ in 0..<2 {
            let temporary = try TemporaryRun([("a", .image, "a.ppm")])
            try temporary.writeImage("a.ppm", shade: 10)
            _ = try await runner(temporary).run(BatchOrder(batch: 0), BatchWatch(publisher: try publisher(temporary)))
            let description = temporary.run.description
            let store = SegmentStore(layout: temporary.run.directory.layout, configSHA256: description.configSHA256)
            let data = try #require(try store.sidecar(batch: 0))
            // The hash of the job names the folder's inputs, so the frames are compared by what they hold beside it.
            hashes.insert(data.frames[0].members.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined())
        }
        #expect(hashes.count == 1)
    }

    @Test func abrokenInputCostsItsSampleAlone() async throws {
        let temporary = try TemporaryRun([
            ("good", .image, "a.ppm"), ("text", .image, "b.ppm"), ("gone", .image, "c.ppm"),
        ])
        try temporary.writeImage("a.ppm", shade: 10)
        try Data("no picture".utf8).write(to: temporary.folder.appending(path: "b.ppm"))
        let runner = try await runner(temporary)
        let report = try await runner.run(BatchOrder(batch: 0), BatchWatch(publisher: try publisher(temporary)))
        #expect((report.succeeded, report.failed) == (1, 2))
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        let rows = try #require(try store.sidecar(batch: 0)).rows
        #expect(rows.map(\.status) == [.ok, .failed, .failed])
        #expect(rows[2].error?.kind == "notFound")
        #expect(rows[1].error?.message.contains("b.ppm") == true)
    }

    /// A file that is read too early, and a mount that is gone for a moment, cost nothing; a file that is gone costs its sample.
    @Test func whatMayPassIsTriedAgain() async throws {
        let temporary = try TemporaryRun([
            ("late", .image, "late.ppm"), ("there", .image, "mount/there.ppm"), ("gone", .image, "gone.ppm"),
        ])
        let mount = temporary.folder.appending(path: "mount")
        let runner = try SampleBatchRunner(
            run: temporary.run, rank: 3, device: .cpu, patience: StoragePatience(pause: .milliseconds(20)),
            pauses: [.milliseconds(50), .milliseconds(50)], log: log)
        try await runner.prepare()
        await runner.prefetch(0)
        let watch = BatchWatch(publisher: try publisher(temporary))
        let report = Task { [runner] in try await runner.run(BatchOrder(batch: 0), watch) }
        try await Task.sleep(for: .milliseconds(300))
        try temporary.writeImage("late.ppm", shade: 10)
        try FileManager.default.createDirectory(at: mount, withIntermediateDirectories: true)
        try temporary.writeImage("mount/there.ppm", shade: 99)
        let made = try await report.value
        #expect((made.succeeded, made.failed) == (2, 1))
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        #expect(try store.sidecar(batch: 0)?.rows.map(\.error?.kind) == [nil, nil, "notFound"])
    }

    /// As after a sample that ended its process: told one by one, and without the one that is to blame.
    @Test func samplesAreDoneAloneAndWithoutThoseExcluded() async throws {
        let temporary = try TemporaryRun([("a", .image, "a.ppm"), ("b", .image, "a.ppm"), ("c", .image, "a.ppm")])
        try temporary.writeImage("a.ppm", shade: 10)
        let (begun, told) = AsyncStream.makeStream(of: Int.self)
        let (fractions, progress) = AsyncStream.makeStream(of: Double.self)
        let report = try await runner(temporary).run(
            BatchOrder(batch: 0, isolation: .samples, excluded: [1: "It ended its process."]),
            BatchWatch(publisher: try publisher(temporary), progress: { progress.yield($0) }, begin: { told.yield($0) })
        )
        told.finish()
        progress.finish()
        #expect((report.succeeded, report.failed) == (2, 1))
        #expect(await begun.reduce(into: []) { $0.append($1) } == [0, 2])
        #expect(await fractions.reduce(into: []) { $0.append($1) }.allSatisfy { (0..<1).contains($0) })
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        let rows = try #require(try store.sidecar(batch: 0)).rows
        #expect(rows.map(\.status) == [.ok, .failed, .ok])
        #expect(rows[1].error == SampleRow.Failure(kind: "workerLost", message: "It ended its process."))
    }

    /// A mount that is gone for a moment, and one that does not come back.
    @Test(arguments: [true, false]) func whatIsComputedWaitsForTheFileSystem(comesBack: Bool) async throws {
        let temporary = try TemporaryRun([("a", .image, "a.ppm")])
        try temporary.writeImage("a.ppm", shade: 10)
        let segments = URL(filePath: temporary.run.directory.layout.segments)
        try FileManager.default.removeItem(at: segments)
        let limit: Duration = comesBack ? .seconds(60) : .milliseconds(50)
        let runner = try await runner(temporary)
        let publisher = try publisher(temporary, patience: StoragePatience(pause: .milliseconds(20), limit: limit))
        let report = Task { try await runner.run(BatchOrder(batch: 0), BatchWatch(publisher: publisher)) }
        if comesBack {
            try await Task.sleep(for: .seconds(1))
            try FileManager.default.createDirectory(at: segments, withIntermediateDirectories: true)
            #expect(try await report.value.published)
        } else {
            let error = await #expect(throws: WorkerUnfit.self) { try await report.value }
            #expect(error?.description.contains(segments.path) == true)
        }
    }

    @Test func aCancelledBatchPublishesNothing() async throws {
        let temporary = try TemporaryRun([("a", .image, "a.ppm")])
        try temporary.writeImage("a.ppm", shade: 10)
        let runner = try await runner(temporary)
        let watch = BatchWatch(
            publisher: try publisher(temporary), progress: { _ in withUnsafeCurrentTask { $0?.cancel() } })
        let task = Task { try await runner.run(BatchOrder(batch: 0), watch) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        #expect(try store.sidecar(batch: 0) == nil)
    }
}

/// Tells of a batch before it publishes it.
private struct NotingPublisher: SegmentPublisher {
    let publisher: any SegmentPublisher
    let note: @Sendable () -> Void

    func publish(_ segment: EncodedSegment) async throws -> SegmentStore.Publication {
        note()
        return try await publisher.publish(segment)
    }
}
