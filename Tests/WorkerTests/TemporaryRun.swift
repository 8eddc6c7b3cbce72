import Coordinator
import Files
import Foundation
import Method
import Planning
import Preflight
import Shard
import TestSupport

/// A planned run in a temporary folder, with the small random models.
final class TemporaryRun {
    private let temporary: TemporaryFolder
    let run: Run
    var folder: URL { temporary.url }

    /// - Parameters:
    ///   - inputs: files of ``files``, by sample.
    ///   - files: what is written into the folder before the run is planned.
    ///   - settings: more lines of the job file.
    ///   - models: a folder with the models, whose files the run then names; nil: the small random ones, which it does not
    ///     look at.
    ///   - more: samples of any task behind those, with inputs among the files. The job then names every model, makes
    ///     small pictures and keeps each task's usual members.
    ///   - captions: what stands in for the caption of those: one label.
    init(
        _ inputs: [(key: String, kind: InputKind, file: String)], files: [String: [UInt8]] = [:], seconds: Double = 1,
        settings: String = "", models: URL? = nil, more: [PlannedSample] = [],
        captions: String = "caption: labels\nlabels: labels.txt"
    ) throws {
        temporary = try TemporaryFolder()
        let folder = temporary.url
        for (name, bytes) in files { try temporary.write(bytes, to: name) }
        let place = (models ?? RandomModels.folder).path
        let text = """
            task: v2a
            manifest: clips.jsonl
            models:
              audio: \(place)/audioldm
              image: \(place)/sd15
              motion: \(place)/motion_adapter
              binder: \(place)/imagebind
            sampling: {steps: 2, duration: \(seconds), width: 64, height: 64, fps: 4}
            guidance: {start: 0}
            batch: 8
            shard: 8
            threads: 1
            \(more.isEmpty ? "members: [json, flac, audio_latent]" : captions)
            \(settings)
            """
        let job = try JobFile.resolve(text, path: folder.appending(path: "job.yaml").path)
        let samples = inputs.enumerated().map { index, input in
            PlannedSample(
                index: index, key: input.key, task: input.kind == .image ? .i2a : .v2a,
                prompt: index == 0 ? nil : "a bell",
                negativePrompt: "",
                input: PlannedInput(kind: input.kind, path: input.file, bytes: 0),
                seed: UInt64(index), duration: seconds)
        }
        if !more.isEmpty { try temporary.write("a violin\n", to: "labels.txt") }
        let all = try (samples + more).map { sample in
            var sample = sample
            guard let name = sample.input?.path else { return sample }
            let path = folder.appending(path: name).path
            let identity = try FileIdentity(path: path, hashing: job.inputHash == .full)
            sample.input?.path = path
            sample.input?.bytes = identity.bytes
            sample.input?.sha256 = identity.sha256
            sample.input?.modified = job.inputHash == .full ? nil : identity.modified
            return sample
        }
        let narrowed = job.narrowed(
            to: Set(all.map(\.task)),
            captioning: Set(all.filter { $0.prompt == nil }.compactMap(\.task.captionedMedium)))
        run = try Run.publish(
            Plan(samples: all, job: job), .generation(narrowed),
            models: models == nil ? [] : CheckpointProbe().inspect(narrowed).models, expectedBytes: 0,
            in: RunDirectory(folder.appending(path: "run"))
        ).run
    }

    /// Writes a file again, or another in its place.
    func write(_ bytes: [UInt8], to name: String) throws { try temporary.write(bytes, to: name) }

    /// Takes a file away.
    func remove(_ name: String) throws { try FileManager.default.removeItem(at: folder.appending(path: name)) }
}

/// Small files that the libraries read.
enum TestMedia {
    /// A picture (PPM).
    static func image(shade: UInt8) -> [UInt8] {
        var bytes = Array("P6\n40 30\n255\n".utf8)
        for index in 0..<1200 { bytes += [UInt8(index % 251), shade, UInt8(index / 30)] }
        return bytes
    }

    /// A second of a tone in 8 kHz and 16 bits (WAV).
    static func audio(amplitude: Double) -> [UInt8] {
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
        return bytes
    }
}
