internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Media
internal import Method
internal import Planning
internal import Shard

/// Turns a result into the members of a shard's sample.
struct SampleEncoder: Sendable {
    let run: RunDescription
    let job: Job
    /// The factor between a stored latent and what its decoder was trained on.
    let latentScale: @Sendable (Modality) -> Double?

    /// - Throws: `MediaError` of the encoders; ``SampleFailure`` where something was not made.
    func encode(_ sample: PlannedSample, _ input: SampleInput, _ made: FinishedSamples) throws -> Sample {
        let wanted = job.settings(for: sample.task).members
        var members: [String: [UInt8]] = [:]
        for (result, rank) in zip(made.kept, 1...) {
            // What made them is told once, of all.
            for member in wanted where rank == 1 || member != .json {
                members[member.suffix(rank: rank)] =
                    switch member {
                    case .json:
                        try RecordJSON.encode(
                            SampleDocument(sample, input, made, run: run, job: job, latentScale: latentScale))
                    case .flac: try AudioWriter.encode(audio(result), as: .flac, .pcm16)
                    case .wav: try AudioWriter.encode(audio(result), as: .wav, .pcm16)
                    case .png: try ImageWriter.encode(image(result), as: .png)
                    case .jpg: try ImageWriter.encode(image(result), as: .jpeg(quality: 95))
                    case .mp4: try film(sample, result)
                    case .audioLatent: try latent(result.audio?.latent)
                    case .videoLatent: try latent(result.video?.latent)
                    }
            }
        }
        return Sample(key: sample.key, members: members)
    }

    private func audio(_ result: GenerationResult) throws -> PlanarAudio {
        guard let audio = result.audio,
            let planar = PlanarAudio(sampleRate: GenerationPipeline.samplingRate, channels: [audio.waveform])
        else { throw SampleFailure(kind: "failed", message: "the model made no audio.") }
        return planar
    }

    private func image(_ result: GenerationResult) throws -> Image {
        guard let image = result.video?.frames.first else {
            throw SampleFailure(kind: "failed", message: "the model made no image.")
        }
        return image
    }

    private func latent(_ latent: GenerationResult.Latent?) throws -> [UInt8] {
        guard let latent else { throw SampleFailure(kind: "failed", message: "the model left no such latent.") }
        return try NPYArray(dtype: .float16, shape: latent.shape, data: latent.bytes).bytes
    }

    /// Video and audio of equal length, whichever of them was there before.
    private func film(_ sample: PlannedSample, _ result: GenerationResult) throws -> [UInt8] {
        guard let timeline = job.settings(for: sample.task).sampling.timeline(of: sample.extent) else {
            guard let input = sample.input else {
                throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
            }
            return try Muxer.mux(audio(result), underVideo: input.path, start: input.from, duration: input.length).bytes
        }
        let track =
            if result.audio != nil {
                try audio(result)
            } else if let input = sample.input {
                // As it is in the file, in stereo and at its own rate, where the binder heard it in mono at 16 kHz.
                try AudioReader.read(input.path, sampleRate: nil, start: input.from, duration: input.length)
            } else {
                throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
            }
        return try Muxer.encode(result.video?.frames ?? [], rate: timeline.rate, audio: track)
    }
}
