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

/// Captions by models, in runs: with the small captioners of the goldens.
@Suite(.serialized) struct ModelCaptionsTests {
    private let captioners: TemporaryFolder
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { captioners = try TemporaryFolder() }

    private static func sample(
        _ index: Int, _ key: String, _ task: GenerationTask, _ kind: InputKind, _ file: String, prompt: String? = nil
    ) -> PlannedSample {
        PlannedSample(
            index: index, key: key, task: task, prompt: prompt, negativePrompt: "",
            input: PlannedInput(
                kind: kind, path: file, start: kind == .image ? nil : 0, duration: kind == .image ? nil : 1, bytes: 1),
            seed: UInt64(index), duration: task.makesAudio ? 1 : 0, frames: task.makesAudio ? nil : 1)
    }

    private func temporaryRun() throws -> TemporaryRun {
        let image = try CaptionerModels.florence(in: captioners)
        let audio = try CaptionerModels.whisper(in: captioners)
        return try TemporaryRun(
            [],
            files: ["a.ppm": TestMedia.image(shade: 10), "s.wav": TestMedia.audio(amplitude: 9000)],
            more: [
                Self.sample(0, "seen", .i2a, .image, "a.ppm"), Self.sample(1, "heard", .a2i, .audio, "s.wav"),
                Self.sample(2, "told", .i2a, .image, "a.ppm", prompt: "a bell"),
            ],
            captions: """
                caption: model
                captioner: {image: \(image), audio: \(audio), style: "clotho > caption: ", max_tokens: 12}
                """)
    }

    private func run(_ temporary: TemporaryRun) async throws -> (rows: [SampleRow], documents: [[String: Any]]) {
        let run = temporary.run
        let runner = try SampleBatchRunner(
            run: run, job: try run.job, rank: 0, device: .cpu, pauses: [], log: log)
        try await runner.prepare()
        let store = SegmentStore(layout: run.directory.layout, configSHA256: run.description.configSHA256)
        let shared = try SharedSegments(store, patience: StoragePatience(), log: log)
        _ = try await runner.run(BatchOrder(batch: 0), BatchWatch(publisher: shared))
        let sidecar = try #require(try store.sidecar(batch: 0))
        let path = "\(run.directory.layout.segments)/\(sidecar.dataName)"
        let data = try Data(contentsOf: URL(filePath: path))
        let documents = try sidecar.frames.map { frame in
            let block = try ZstdFrame.decompress(Array(data[frame.off..<frame.off + frame.clen]), expecting: frame.ulen)
            let json = try #require(frame.members["json"])
            let start = json.offset - frame.uoff
            return try #require(
                JSONSerialization.jsonObject(with: Data(block[start..<start + json.size])) as? [String: Any])
        }
        return (sidecar.rows, documents)
    }

    @Test("a model tells of pictures and sounds what the manifest does not, and each sample says who told it")
    func captions() async throws {
        let temporary = try temporaryRun()
        let (rows, documents) = try await run(temporary)
        #expect(rows.map(\.status) == [.ok, .ok, .ok])
        let (seen, heard) = (try #require(rows[0].prompt), try #require(rows[1].prompt))
        #expect(!seen.isEmpty && !heard.isEmpty && seen != heard)
        #expect(rows[2].prompt == "a bell")
        let captions = documents.map { $0["caption"] as? [String: Any] }
        #expect(captions.map { $0?["source"] as? String } == ["model", "model", "manifest"])
        #expect(captions[0]?["score"] is Double && captions[1]?["score"] is Double && captions[2]?["score"] == nil)
        #expect(documents.map { $0["prompt"] as? String } == [seen, heard, "a bell"])
    }

    @Test("what a captioner says nothing about costs its own sample, and is named")
    func emptyCaption() async throws {
        // Of one token there is only the start of a text.
        let image = try CaptionerModels.florence(in: captioners)
        let short = try TemporaryRun(
            [], files: ["a.ppm": TestMedia.image(shade: 10)],
            more: [
                Self.sample(0, "seen", .i2a, .image, "a.ppm"),
                Self.sample(1, "told", .i2a, .image, "a.ppm", prompt: "a bell"),
            ],
            captions: "caption: model\ncaptioner: {image: \(image), max_tokens: 1}")
        let (rows, _) = try await run(short)
        #expect(rows.map(\.status) == [.failed, .ok])
        #expect(rows[0].error?.kind == "emptyCaption" && rows[0].error?.message.contains("'seen'") == true)
    }
}
