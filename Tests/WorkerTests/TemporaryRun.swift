import Coordinator
import Fixtures
import Foundation
import Shard

/// A planned run in a temporary folder, with the small random models.
final class TemporaryRun {
    let folder: URL
    let run: Run

    /// - Parameters:
    ///   - inputs: files below the folder, by sample; made by the caller.
    ///   - settings: more lines of the job file.
    init(_ inputs: [(key: String, kind: InputKind, file: String)], seconds: Double = 1, settings: String = "") throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "seehear-worker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.folder = folder
        let models = Fixtures.randomModels.path
        let text = """
            task: v2a
            manifest: clips.jsonl
            models: {audio: \(models)/audioldm, binder: \(models)/imagebind}
            sampling: {steps: 2, duration: \(seconds)}
            guidance: {start: 0}
            batch: 8
            shard: 8
            threads: 1
            members: [json, flac, audio_latent]
            \(settings)
            """
        let job = try JobFile.resolve(text, path: folder.appending(path: "job.yaml").path)
        let samples = inputs.enumerated().map { index, input in
            PlannedSample(
                index: index, key: input.key, task: input.kind == .image ? .i2a : .v2a,
                prompt: index == 0 ? nil : "a bell",
                negativePrompt: "",
                input: PlannedInput(kind: input.kind, path: folder.appending(path: input.file).path, bytes: 1),
                seed: UInt64(index), durationSeconds: seconds)
        }
        run = try Run.publish(
            Plan(samples: samples, job: job), job: job, models: [], expectedBytes: 0,
            in: RunDirectory(folder.appending(path: "run"))
        ).run
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Writes a small picture (PPM) that FFmpeg reads.
    func writePicture(_ name: String, shade: UInt8) throws {
        var bytes = Array("P6\n40 30\n255\n".utf8)
        for index in 0..<1200 { bytes += [UInt8(index % 251), shade, UInt8(index / 30)] }
        try Data(bytes).write(to: folder.appending(path: name))
    }
}
