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

/// A rank's work on features of real files, with a small random network.
@Suite(.serialized) struct FeatureBatchRunnerTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { folder.url.appending(path: name).path }

    /// A planned run over sounds of these names.
    private func run(_ names: [String]) throws -> Run {
        for (number, name) in names.enumerated() {
            try folder.write(TestMedia.audio(amplitude: Double(4000 + 1000 * number)), to: "made/\(name).wav")
        }
        let drawn = try #require(EvaluationCase.of(.cnn14).last)
        var request = EvaluationRequest(
            generated: path("made"), reference: nil,
            settings: EvaluationSettings(metrics: [.statistic(.inception, .cnn14)]))
        request.networkFiles[.network(.cnn14)] = try EvaluationCase.write(drawn.entries(), of: .cnn14, to: folder)
        request.threads = 1
        let prepared = try EvaluationPlanner().prepare(request, output: path("run"))
        // CNN14's row and logits, and the record, twice over.
        #expect(prepared.expectedBytes > Int64(names.count) * 2 * 10_000)
        return try prepared.publish(in: RunDirectory(folder.url.appending(path: "run")))
    }

    private func runner(_ run: Run) async throws -> RecordBatchRunner<FeatureWork> {
        guard case .features(let job) = run.description.recipe else { throw CancellationError() }
        let runner = try RecordBatchRunner(
            run: run, work: FeatureWork(job), rank: 1, device: .cpu,
            patience: StoragePatience(pause: .milliseconds(20)),
            pauses: [.milliseconds(100), .milliseconds(300)], log: log)
        try await runner.prepare()
        return runner
    }

    private func store(_ run: Run) -> SegmentStore {
        SegmentStore(layout: run.directory.layout, configSHA256: run.description.configSHA256)
    }

    private func watch(_ run: Run) throws -> BatchWatch {
        BatchWatch(publisher: try SharedSegments(store(run), patience: StoragePatience(), log: log))
    }

    @Test("what may pass is read again, and what does not costs its sample alone")
    func whatMayPassIsTriedAgain() async throws {
        let run = try run(["gone", "late", "there"])
        for name in ["gone", "late"] {
            try FileManager.default.moveItem(atPath: path("made/\(name).wav"), toPath: path("\(name).away"))
        }
        let runner = try await runner(run)
        await runner.prefetch(0)
        let watch = try watch(run)
        let report = Task { [runner] in try await runner.run(BatchOrder(batch: 0), watch) }
        try await Task.sleep(for: .milliseconds(150))
        // Moved back, it has the time that it was planned with.
        try FileManager.default.moveItem(atPath: path("late.away"), toPath: path("made/late.wav"))
        let made = try await report.value
        #expect((made.succeeded, made.failed) == (2, 1))
        let sidecar = try #require(try store(run).sidecar(batch: 0))
        #expect(sidecar.rows.map(\.key) == ["g-gone", "g-late", "g-there"])
        #expect(sidecar.rows.map(\.status) == [.failed, .ok, .ok])
        #expect(sidecar.rows[0].error?.message.contains("made/gone.wav") == true)
        #expect(
            sidecar.frames.map { $0.members.keys.sorted() }
                == Array(repeating: ["cnn14-a.logits.npy", "cnn14-a.npy", "json"], count: 2))
    }

    @Test("one sample at a time leaves out the one that took a process with it")
    func apart() async throws {
        let run = try run(["a", "b", "c"])
        let runner = try await runner(run)
        let order = BatchOrder(batch: 0, isolation: .samples, excluded: [1: "its process was killed"])
        let apart = try await runner.run(order, try watch(run))
        #expect((apart.succeeded, apart.failed) == (2, 1))
        let sidecar = try #require(try store(run).sidecar(batch: 0))
        #expect(sidecar.rows[1].error?.message.contains("its process was killed") == true)
    }
}
