import Coordinator
import Foundation
import Method
import Planning
import Shard
import TestSupport

/// A planned run in a temporary folder, with the small random models.
final class TemporaryRun {
    private let temporary: TemporaryFolder
    let run: Run
    var folder: URL { temporary.url }

    /// - Parameters:
    ///   - inputs: files below the folder, by sample; made by the caller.
    ///   - settings: more lines of the job file.
    ///   - more: samples of any task behind those, with inputs below the folder. The job then names every model, makes
    ///     small pictures, keeps each task's usual members, and has one label for what has no caption.
    init(
        _ inputs: [(key: String, kind: InputKind, file: String)], seconds: Double = 1, settings: String = "",
        more: [PlannedSample] = []
    ) throws {
        temporary = try TemporaryFolder()
        let folder = temporary.url
        let models = RandomModels.folder.path
        let text = """
            task: v2a
            manifest: clips.jsonl
            models:
              audio: \(models)/audioldm
              image: \(models)/sd15
              motion: \(models)/motion_adapter
              binder: \(models)/imagebind
            sampling: {steps: 2, duration: \(seconds), width: 64, height: 64, fps: 4}
            guidance: {start: 0}
            batch: 8
            shard: 8
            threads: 1
            \(more.isEmpty ? "members: [json, flac, audio_latent]" : "caption: labels\nlabels: labels.txt")
            \(settings)
            """
        let job = try JobFile.resolve(text, path: folder.appending(path: "job.yaml").path)
        let samples = inputs.enumerated().map { index, input in
            PlannedSample(
                index: index, key: input.key, task: input.kind == .image ? .i2a : .v2a,
                prompt: index == 0 ? nil : "a bell",
                negativePrompt: "",
                input: PlannedInput(kind: input.kind, path: folder.appending(path: input.file).path, bytes: 1),
                seed: UInt64(index), duration: seconds)
        }
        let others = more.map { sample in
            var sample = sample
            if let name = sample.input?.path { sample.input?.path = folder.appending(path: name).path }
            return sample
        }
        if !more.isEmpty { try temporary.write("a violin\n", to: "labels.txt") }
        let all = samples + others
        run = try Run.publish(
            Plan(samples: all, job: job), job: job.narrowed(to: Set(all.map(\.task))), models: [], expectedBytes: 0,
            in: RunDirectory(folder.appending(path: "run"))
        ).run
    }

    /// Writes a small picture (PPM) that FFmpeg reads.
    func writeImage(_ name: String, shade: UInt8) throws {
        var bytes = Array("P6\n40 30\n255\n".utf8)
        for index in 0..<1200 { bytes += [UInt8(index % 251), shade, UInt8(index / 30)] }
        try temporary.write(bytes, to: name)
    }

    /// Writes a second of a tone in 8 kHz and 16 bits (WAV).
    func writeAudio(_ name: String, amplitude: Double) throws {
        var bytes: [UInt8] = []
        func word(_ value: Int, _ count: Int) {
            for byte in 0..<count { bytes.append(UInt8(value >> (8 * byte) & 255)) }
        }
        bytes += Array("RIFF".utf8)
        word(36 + 16000, 4)
        bytes += Array("WAVEfmt ".utf8)
        for (value, count) in [(16, 4), (1, 2), (1, 2), (8000, 4), (16000, 4), (2, 2), (16, 2)] { word(value, count) }
        bytes += Array("data".utf8)
        word(16000, 4)
        for index in 0..<8000 { word(Int(amplitude * sin(Double(index) * 0.3)) & 0xffff, 2) }
        try temporary.write(bytes, to: name)
    }
}
