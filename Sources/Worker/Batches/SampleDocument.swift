internal import Coordinator
internal import Engine
internal import Foundation
internal import Shard

/// The `.json` member of a sample: everything that made it, and nothing that differs between two runs of one plan.
/// Times, host and rank stand in `samples.jsonl.zst`.
struct SampleDocument: Encodable {
    struct Source: Encodable {
        let kind: String
        let file: String
        let sha256: String?
        let start: Double?
        let duration: Double?
    }

    struct Audio: Encodable {
        let samplingRate: Int
        let samples: Int
        let peak: Float

        enum CodingKeys: String, CodingKey {
            case samples, peak
            case samplingRate = "sampling_rate"
        }
    }

    struct Latent: Encodable {
        let shape: [Int]
        let dtype: String
        let scale: Double
    }

    struct Model: Encodable {
        let role: String
        let license: String?
        let files: [String: String?]
    }

    let schema = "seehear.sample/1"
    let key: String
    let index: Int
    let task: String
    let prompt: String?
    let negativePrompt: String
    let seed: UInt64
    let duration: Double
    let source: Source?
    let preset: String
    let sampling: Job.Sampling
    let guidance: Guidance
    let binder: Job.Binder
    let precision: String
    let batch: Int
    let losses: [Double]
    let audio: Audio
    let latent: Latent
    let models: [Model]
    let configSHA256: String

    enum CodingKeys: String, CodingKey {
        case schema, key, index, task, prompt, seed, duration, source, preset, sampling, guidance, binder, precision,
            batch
        case losses, audio, latent, models
        case negativePrompt = "negative_prompt"
        case configSHA256 = "config_sha256"
    }

    init(_ sample: PlannedSample, _ result: AudioResult, run: RunDescription, samplingRate: Int, latentScale: Double) {
        let job = run.job
        key = sample.key
        index = sample.index
        task = sample.task.rawValue
        prompt = sample.prompt
        negativePrompt = sample.negativePrompt
        seed = sample.seed
        duration = sample.durationSeconds
        source = sample.input.map {
            Source(
                kind: $0.kind.rawValue, file: URL(filePath: $0.path).lastPathComponent, sha256: $0.sha256,
                start: $0.start,
                duration: $0.duration)
        }
        preset = job.preset.rawValue
        sampling = job.sampling
        guidance = job.guidance
        binder = job.binder
        precision = job.precision.rawValue
        batch = job.batch
        losses = result.losses
        audio = Audio(samplingRate: samplingRate, samples: result.waveform.count, peak: result.peak)
        latent = Latent(shape: result.latentShape, dtype: "float16", scale: latentScale)
        models = run.models.map { model in
            Model(
                role: model.role, license: model.license,
                files: Dictionary(model.files.map { ($0.name, $0.sha256) }, uniquingKeysWith: { first, _ in first }))
        }
        configSHA256 = run.configSHA256
    }
}

extension AudioResult {
    /// The largest magnitude of the waveform.
    var peak: Float { waveform.reduce(0) { max($0, abs($1)) } }
}
