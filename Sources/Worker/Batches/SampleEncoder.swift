internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Media
internal import Shard

/// Turns a result into the members of a shard's sample.
struct SampleEncoder: Sendable {
    let run: RunDescription
    /// The factor between a stored latent and what its decoder was trained on.
    let latentScale: @Sendable (Modality) -> Double?

    /// - Throws: ``SampleFailure`` for a result that must not be shipped; `MediaError` of the encoders.
    func encode(_ sample: PlannedSample, _ input: SampleInput, _ result: GenerationResult) throws -> Sample {
        try check(result)
        var members: [String: [UInt8]] = [:]
        for member in run.job.settings(for: sample.task).members {
            switch member {
            case "json":
                members["json"] = try RecordJSON.encode(
                    SampleDocument(sample, input, result, run: run, latentScale: latentScale))
            case "flac": members["flac"] = try AudioWriter.encode(sound(result), as: .flac, .pcm16)
            case "wav": members["wav"] = try AudioWriter.encode(sound(result), as: .wav, .pcm16)
            case "png": members["png"] = try ImageWriter.encode(image(result), as: .png)
            case "jpg": members["jpg"] = try ImageWriter.encode(image(result), as: .jpeg(quality: 95))
            case "mp4": members["mp4"] = try film(sample, result)
            case "audio_latent": members["audio_latent.npy"] = try latent(result.sound?.latent)
            case "video_latent": members["video_latent.npy"] = try latent(result.pictures?.latent)
            default:
                // The plan has checked the members of every task.
                throw SampleFailure(
                    kind: "failed", message: "a sample of \(sample.task.rawValue) has no member '\(member)'.")
            }
        }
        return Sample(key: sample.key, members: members)
    }

    /// Refuses what nobody wants in a dataset.
    private func check(_ result: GenerationResult) throws(SampleFailure) {
        guard result.isFinite else { throw SampleFailure.notFinite }
        if run.job.silence == .fail, let sound = result.sound, sound.peak < SoundWindow.silence {
            throw SampleFailure.silent(peak: sound.peak)
        }
        if run.job.blank == .fail, let pictures = result.pictures, pictures.frames.allSatisfy(\.isBlank) {
            throw SampleFailure.blank
        }
    }

    private func sound(_ result: GenerationResult) throws -> PlanarAudio {
        guard let sound = result.sound,
            let planar = PlanarAudio(sampleRate: GenerationPipeline.samplingRate, channels: [sound.waveform])
        else { throw SampleFailure(kind: "failed", message: "the model made no sound.") }
        return planar
    }

    private func images(_ result: GenerationResult) throws -> [RGBImage] {
        let images = (result.pictures?.frames ?? []).compactMap {
            RGBImage(width: $0.width, height: $0.height, pixels: $0.pixels)
        }
        guard !images.isEmpty else { throw SampleFailure(kind: "failed", message: "the model made no picture.") }
        return images
    }

    private func image(_ result: GenerationResult) throws -> RGBImage { try images(result)[0] }

    private func latent(_ latent: GenerationResult.Latent?) throws -> [UInt8] {
        guard let latent else { throw SampleFailure(kind: "failed", message: "the model left no such latent.") }
        return try NPYArray(dtype: .float16, shape: latent.shape, data: latent.bytes).bytes
    }

    /// Picture and sound of equal length, whichever of them was there before.
    private func film(_ sample: PlannedSample, _ result: GenerationResult) throws -> [UInt8] {
        guard let timeline = run.job.timeline(of: sample) else {
            guard let input = sample.input else {
                throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
            }
            return try Muxer.mux(sound(result), underVideo: input.path, start: input.from, duration: input.length).bytes
        }
        let track =
            if result.sound != nil {
                try sound(result)
            } else if let input = sample.input {
                // As it is in the file, in stereo and at its own rate, where the binder heard it in mono at 16 kHz.
                try AudioReader.read(input.path, sampleRate: nil, start: input.from, duration: input.length)
            } else {
                throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
            }
        return try Muxer.encode(
            images(result), rate: timeline.rate,
            sound: track)
    }
}

extension GenerationResult.Sound {
    /// The largest magnitude of the waveform.
    var peak: Float { waveform.reduce(0) { max($0, abs($1)) } }
}

extension Picture {
    /// Whether all pixels have nearly one colour: what a network makes whose numbers went astray.
    var isBlank: Bool {
        var (low, high) = ([UInt8](repeating: 255, count: 3), [UInt8](repeating: 0, count: 3))
        for (index, value) in pixels.enumerated() {
            let channel = index % 3
            if value < low[channel] { low[channel] = value }
            if value > high[channel] { high[channel] = value }
        }
        return zip(low, high).allSatisfy { $1 - $0 <= 4 }
    }
}
