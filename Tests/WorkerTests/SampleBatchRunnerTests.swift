import Coordinator
import Foundation
import Logging
import Method
import Planning
import Preflight
import Shard
import TestSupport
import Testing
import Torch

@testable import Worker

/// A rank's work on real batches, with the small random models.
@Suite(.serialized) struct SampleBatchRunnerTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func runner(_ temporary: TemporaryRun) async throws -> SampleBatchRunner {
        let runner = try SampleBatchRunner(
            run: temporary.run, job: try temporary.run.job, rank: 3, device: .cpu, pauses: [.milliseconds(10)], log: log
        )
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
        let temporary = try TemporaryRun(
            [("a", .image, "a.ppm"), ("b", .image, "b.ppm")],
            files: ["a.ppm": TestMedia.image(shade: 10), "b.ppm": TestMedia.image(shade: 200)])
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
            files: [
                "a.ppm": TestMedia.image(shade: 10), "s.wav": TestMedia.audio(amplitude: 9000),
                "none.wav": TestMedia.audio(amplitude: 0),
            ],
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
            let temporary = try TemporaryRun([("a", .image, "a.ppm")], files: ["a.ppm": TestMedia.image(shade: 10)])
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
        let temporary = try TemporaryRun(
            [("good", .image, "a.ppm"), ("text", .image, "b.ppm"), ("gone", .image, "c.ppm")],
            files: [
                "a.ppm": TestMedia.image(shade: 10), "b.ppm": Array("no picture".utf8),
                "c.ppm": TestMedia.image(shade: 30),
            ])
        try temporary.remove("c.ppm")
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
        let (late, there) = (TestMedia.image(shade: 10), TestMedia.image(shade: 99))
        let temporary = try TemporaryRun(
            [("late", .image, "late.ppm"), ("there", .image, "mount/there.ppm"), ("gone", .image, "gone.ppm")],
            files: ["late.ppm": late, "mount/there.ppm": there, "gone.ppm": late])
        for name in ["late.ppm", "mount", "gone.ppm"] { try temporary.remove(name) }
        let runner = try SampleBatchRunner(
            run: temporary.run, job: try temporary.run.job, rank: 3, device: .cpu,
            patience: StoragePatience(pause: .milliseconds(20)),
            pauses: [.milliseconds(50), .milliseconds(50)], log: log)
        try await runner.prepare()
        await runner.prefetch(0)
        let watch = BatchWatch(publisher: try publisher(temporary))
        let report = Task { [runner] in try await runner.run(BatchOrder(batch: 0), watch) }
        try await Task.sleep(for: .milliseconds(300))
        try temporary.write(late, to: "late.ppm")
        try temporary.write(there, to: "mount/there.ppm")
        let made = try await report.value
        #expect((made.succeeded, made.failed) == (2, 1))
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        #expect(try store.sidecar(batch: 0)?.rows.map(\.error?.kind) == [nil, nil, "notFound"])
    }

    @Test(
        "a file that is another one than was planned is a failed sample, and no other file takes its place",
        arguments: ["full", "stat"])
    func changedInputs(hash: String) async throws {
        let names = ["same.ppm", "longer.ppm", "other.ppm", "touched.ppm"]
        let temporary = try TemporaryRun(
            names.map { ($0.replacing(".ppm", with: ""), .image, $0) },
            files: Dictionary(uniqueKeysWithValues: names.map { ($0, TestMedia.image(shade: 10)) }),
            settings: "input_hash: \(hash)")
        try temporary.write(TestMedia.image(shade: 10) + [0], to: "longer.ppm")
        try temporary.write(TestMedia.image(shade: 11), to: "other.ppm")
        let touched = temporary.folder.appending(path: "touched.ppm").path
        try FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: touched)
        let runner = try await runner(temporary)
        await runner.prefetch(0)
        let watch = BatchWatch(publisher: try publisher(temporary))
        _ = try await runner.run(BatchOrder(batch: 0), watch)
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        let rows = try #require(try store.sidecar(batch: 0)).rows
        #expect(
            rows.map(\.error?.kind) == [
                nil, "inputChanged", "inputChanged", hash == "stat" ? "inputChanged" : nil,
            ])
        #expect(
            rows[1].error?.message.contains(
                "longer.ppm is not the file that the run was planned with: it has 3614 bytes, and 3613 were planned")
                == true)
        #expect(rows[2].error?.message.contains(hash == "full" ? "its content" : "was written to after") == true)
    }

    @Test("a file that changes after it was read, and before its sample is published, is noticed")
    func inputsThatChangeMeanwhile() async throws {
        let temporary = try TemporaryRun(
            [("a", .image, "a.ppm"), ("b", .image, "b.ppm")],
            files: ["a.ppm": TestMedia.image(shade: 10), "b.ppm": TestMedia.image(shade: 20)])
        let runner = try await runner(temporary)
        await runner.prefetch(0)
        try temporary.write(TestMedia.image(shade: 99), to: "b.ppm")
        _ = try await runner.run(BatchOrder(batch: 0), BatchWatch(publisher: try publisher(temporary)))
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        #expect(try store.sidecar(batch: 0)?.rows.map(\.error?.kind) == [nil, "inputChanged"])
    }

    @Test("other weights than were planned are refused by name, before they are loaded and while they are used")
    func changedModels() async throws {
        let copy = try TemporaryFolder()
        let models = copy.url.appending(path: "models")
        try FileManager.default.copyItem(at: RandomModels.folder, to: models)
        let temporary = try TemporaryRun(
            [("a", .image, "a.ppm")], files: ["a.ppm": TestMedia.image(shade: 10)], models: models)
        #expect(temporary.run.description.models.map(\.role) == ["audio", "binder"])
        let runner = try await runner(temporary)
        let watch = BatchWatch(publisher: try publisher(temporary))
        // The sign of one weight, in place, as through a mapping.
        let weights = models.appending(path: "audioldm/unet/diffusion_pytorch_model.safetensors")
        func flip() throws {
            let file = try FileHandle(forUpdating: weights)
            try file.seek(toOffset: try file.seekToEnd() - 1)
            let byte = try #require(try file.read(upToCount: 1)?.first)
            try file.seek(toOffset: try file.seekToEnd() - 1)
            try file.write(contentsOf: [byte ^ 0x80])
            try file.close()
        }
        try flip()
        let unfit = await #expect(throws: WorkerUnfit.self) { try await runner.run(BatchOrder(batch: 0), watch) }
        #expect(
            unfit?.description.contains("models.audio: \(weights.path) is not the file that the run was planned with")
                == true)
        let store = SegmentStore(
            layout: temporary.run.directory.layout, configSHA256: temporary.run.description.configSHA256)
        #expect(try store.sidecar(batch: 0) == nil)
        await #expect(throws: PlannedModelsError.self) { try await self.runner(temporary) }
        // As it was, with another time.
        try flip()
        let again = try await self.runner(temporary)
        #expect(try await again.run(BatchOrder(batch: 0), watch).succeeded == 1)
        try FileManager.default.moveItem(
            at: weights, to: weights.deletingLastPathComponent().appending(path: "model.safetensors"))
        await #expect(throws: PlannedModelsError.self) { try await self.runner(temporary) }
    }

    /// As after a sample that ended its process: told one by one, and without the one that is to blame.
    @Test func samplesAreDoneAloneAndWithoutThoseExcluded() async throws {
        let temporary = try TemporaryRun(
            [("a", .image, "a.ppm"), ("b", .image, "a.ppm"), ("c", .image, "a.ppm")],
            files: ["a.ppm": TestMedia.image(shade: 10)])
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
        let temporary = try TemporaryRun([("a", .image, "a.ppm")], files: ["a.ppm": TestMedia.image(shade: 10)])
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
        let temporary = try TemporaryRun([("a", .image, "a.ppm")], files: ["a.ppm": TestMedia.image(shade: 10)])
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
