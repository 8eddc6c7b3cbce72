internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Foundation
internal import Method
internal import Planning
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
        let keyFrame: Double?
        let padded: Double?
        let peak: Float?

        enum CodingKeys: String, CodingKey {
            case kind, file, sha256, start, duration, padded, peak
            case keyFrame = "key_frame"
        }
    }

    struct Caption: Encodable {
        /// `manifest` or `labels`.
        let source: String
        /// Of a label's embedding with that of what steers the sample.
        let cosine: Double?
    }

    struct Audio: Encodable {
        let samplingRate: Int
        let samples: Int
        let peak: Float
        let latent: Latent

        enum CodingKeys: String, CodingKey {
            case samples, peak, latent
            case samplingRate = "sampling_rate"
        }
    }

    struct Video: Encodable {
        let width: Int
        let height: Int
        let frames: Int
        /// nil for an image.
        let fps: Double?
        let latent: Latent
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

    let schema = "seehear.sample/2"
    let key: String
    let index: Int
    let task: String
    let prompt: String?
    let caption: Caption?
    let negativePrompt: String
    let seed: UInt64
    let duration: Double
    let source: Source?
    let preset: String
    let sampling: SamplingSettings
    let guidance: Guidance
    let clips: ClipSettings
    let precision: String
    /// Written where it is on.
    let tf32: String?
    let memory: String
    let batch: Int
    let losses: [Double]
    let audio: Audio?
    let video: Video?
    let models: [Model]
    let configSHA256: String

    enum CodingKeys: String, CodingKey {
        case schema, key, index, task, prompt, seed, duration, source, preset, sampling, guidance, precision,
            tf32, batch
        case losses, audio, video, models, caption, memory
        case clips = "binder"
        case negativePrompt = "negative_prompt"
        case configSHA256 = "config_sha256"
    }

    init(
        _ sample: PlannedSample, _ input: SampleInput, _ result: GenerationResult, run: RunDescription,
        latentScale: (Modality) -> Double?
    ) {
        let job = run.recipe.job
        let settings = job.settings(for: sample.task)
        key = sample.key
        index = sample.index
        task = sample.task.rawValue
        prompt = sample.prompt ?? result.label?.text
        caption =
            sample.prompt != nil
            ? Caption(source: "manifest", cosine: nil)
            : result.label.map { Caption(source: "labels", cosine: $0.cosine) }
        negativePrompt = sample.negativePrompt
        seed = sample.seed
        duration = sample.duration
        source = sample.input.map {
            Source(
                kind: $0.kind.rawValue, file: URL(filePath: $0.path).lastPathComponent, sha256: $0.sha256,
                start: $0.start, duration: $0.duration, keyFrame: input.facts.keyFrame, padded: input.facts.padded,
                peak: input.facts.peak)
        }
        preset = job.preset.rawValue
        sampling = settings.sampling
        guidance = settings.guidance
        clips = job.clips
        precision = job.precision.rawValue
        tf32 = job.tf32?.rawValue
        memory = job.memory.rawValue
        batch = job.batch
        losses = result.losses
        audio = result.audio.map {
            Audio(
                samplingRate: GenerationPipeline.samplingRate, samples: $0.waveform.count, peak: $0.peak,
                latent: Latent($0.latent, scale: latentScale(.audio)))
        }
        video = result.video.flatMap { video in
            video.frames.first.map {
                Video(
                    width: $0.width, height: $0.height, frames: video.frames.count,
                    fps: settings.sampling.timeline(of: sample.extent)?.rate.double,
                    latent: Latent(video.latent, scale: latentScale(.video)))
            }
        }
        var uses = Set(sample.task.models.map(\.rawValue))
        if result.label != nil || settings.guidance.readsList { uses.insert(ModelIdentity.labels) }
        models = run.models.filter { uses.contains($0.role) }.map { model in
            Model(
                role: model.role, license: model.license,
                files: Dictionary(model.files.map { ($0.name, $0.sha256) }, uniquingKeysWith: { first, _ in first }))
        }
        configSHA256 = run.configSHA256
    }
}

extension SampleDocument.Latent {
    init(_ latent: GenerationResult.Latent, scale: Double?) {
        self.init(shape: latent.shape, dtype: "float16", scale: scale ?? 1)
    }
}
