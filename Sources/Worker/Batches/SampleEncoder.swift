internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Media
internal import Shard

/// Turns a result into the members of a shard's sample.
struct SampleEncoder: Sendable {
    /// −80 dB below full scale: what a 16-bit file still tells from nothing, and an ear does not.
    private static let silence: Float = 1e-4

    let run: RunDescription
    let samplingRate: Int
    let latentScale: Double

    /// - Throws: ``SampleFailure`` for a result that must not be shipped; `MediaError` of the encoders.
    func encode(_ sample: PlannedSample, _ result: AudioResult) throws -> Sample {
        guard result.isFinite else { throw SampleFailure.notFinite }
        if run.job.silence == .fail, result.peak < Self.silence { throw SampleFailure.silent(peak: result.peak) }
        guard let sound = PlanarAudio(sampleRate: samplingRate, channels: [result.waveform]) else {
            throw SampleFailure(kind: "failed", message: "the model made no sound: \(result.waveform.count) samples.")
        }
        var members: [String: [UInt8]] = [:]
        for member in run.job.members {
            switch member {
            case "json":
                members["json"] = try RecordJSON.encode(
                    SampleDocument(sample, result, run: run, samplingRate: samplingRate, latentScale: latentScale))
            case "flac": members["flac"] = try AudioWriter.encode(sound, as: .flac, .pcm16)
            case "wav": members["wav"] = try AudioWriter.encode(sound, as: .wav, .pcm16)
            case "mp4": members["mp4"] = try film(sample, sound)
            case "audio_latent":
                members["audio_latent.npy"] = try NPYArray(
                    dtype: .float16, shape: result.latentShape, data: result.latent
                ).bytes
            default:
                // The plan has checked the members of every task.
                throw SampleFailure(
                    kind: "failed", message: "a sample of \(sample.task.rawValue) has no member '\(member)'.")
            }
        }
        return Sample(key: sample.key, members: members)
    }

    /// The sound under the clip that it was made for.
    private func film(_ sample: PlannedSample, _ sound: PlanarAudio) throws -> [UInt8] {
        guard let input = sample.input else {
            throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
        }
        return try Muxer.mux(
            sound, underVideo: input.path, start: input.start.flatMap(Fraction.init(asWritten:)) ?? 0,
            duration: input.duration.flatMap(Fraction.init(asWritten:))
        ).bytes
    }
}
