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
        let keyFrameRule: String?
        let padded: Double?
        let peak: Float?

        enum CodingKeys: String, CodingKey {
            case kind, file, sha256, start, duration, padded, peak
            case keyFrame = "key_frame"
            case keyFrameRule = "key_frame_rule"
        }
    }

    struct Caption: Encodable {
        /// `manifest`, `labels` or `model`.
        let source: String
        /// Of a label's embedding with that of what steers the sample.
        let cosine: Double?
        /// Of a captioner's text: the mean logarithm of the probability of a token.
        let score: Double?
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

    /// One of several finished samples of the row.
    struct Finished: Encodable {
        let particle: Int
        let score: Double?
        /// From 1, the best; nil for what is not fit.
        let rank: Int?
        /// Why it is not fit, by the kinds of failures.
        let unfit: String?
        /// Of those whose members stand beside the best's.
        let losses: [Double]?
        let audio: Audio?
        let video: Video?
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
    /// Written where the audio has one of its own.
    let audioSeed: UInt64?
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
    let score: Double?
    let particle: Int?
    let cuts: [SampleFindings.Cut]?
    let videoChoice: SampleFindings.Choice?
    let trust: Double?
    let words: [SampleFindings.Word]?
    let definiteCaption: String?
    /// Written where there were several.
    let finished: [Finished]?
    let audio: Audio?
    let video: Video?
    let models: [Model]
    let configSHA256: String

    enum CodingKeys: String, CodingKey {
        case schema, key, index, task, prompt, seed, duration, source, preset, sampling, guidance, precision,
            tf32, batch
        case losses, score, particle, cuts, trust, words, finished, audio, video, models, caption, memory
        case clips = "binder"
        case negativePrompt = "negative_prompt"
        case audioSeed = "audio_seed"
        case videoChoice = "video_choice"
        case definiteCaption = "definite_caption"
        case configSHA256 = "config_sha256"
    }

    init(
        _ sample: PlannedSample, _ input: SampleInput, _ made: FinishedSamples, run: RunDescription, job: Job,
        latentScale: (Modality) -> Double?
    ) {
        let settings = job.settings(for: sample.task)
        let result = made.best
        let rate = settings.sampling.timeline(of: sample.extent)?.rate.double
        key = sample.key
        index = sample.index
        task = sample.task.rawValue
        prompt = input.caption?.text
        caption = input.caption.map { Caption(source: $0.source.rawValue, cosine: $0.cosine, score: $0.score) }
        negativePrompt = sample.negativePrompt
        seed = sample.seed
        audioSeed = sample.audioSeed
        duration = sample.duration
        source = sample.input.map {
            Source(
                kind: $0.kind.rawValue, file: URL(filePath: $0.path).lastPathComponent, sha256: $0.sha256,
                start: $0.start, duration: $0.duration, keyFrame: input.facts.keyFrame,
                keyFrameRule: input.facts.keyFrameRule?.rawValue, padded: input.facts.padded, peak: input.facts.peak)
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
        let findings = SampleFindings(result, settings.guidance, sample.task)
        score = findings.choice.score
        particle = findings.choice.particle
        cuts = findings.choice.cuts.isEmpty ? nil : findings.choice.cuts
        videoChoice = findings.videoChoice
        trust = findings.trust
        words = findings.words.isEmpty ? nil : findings.words
        definiteCaption = findings.definiteCaption
        finished =
            made.isAlone
            ? nil
            : zip(made.fit, 1...).map { result, rank in
                // The best's own stand above, and those of what is not kept nowhere.
                let isTold = rank > 1 && rank <= made.kept.count
                return Finished(
                    particle: result.choice.particle, score: result.choice.score, rank: rank, unfit: nil,
                    losses: isTold ? result.losses : nil,
                    audio: isTold ? result.audio.map { Audio($0, scale: latentScale(.audio)) } : nil,
                    video: isTold
                        ? result.video.flatMap { Video($0, fps: rate, scale: latentScale(.video)) } : nil)
            }
                + made.unfit.map {
                    Finished(
                        particle: $0.result.choice.particle, score: $0.result.choice.score, rank: nil,
                        unfit: $0.failure.kind, losses: nil, audio: nil, video: nil)
                }
        audio = result.audio.map { Audio($0, scale: latentScale(.audio)) }
        video = result.video.flatMap { Video($0, fps: rate, scale: latentScale(.video)) }
        var uses = Set(sample.task.models.map(\.rawValue))
        if input.caption?.source == .labels || settings.guidance.readsList { uses.insert(ModelIdentity.labels) }
        if input.caption?.source == .model, let medium = sample.task.captionedMedium {
            uses.insert(ModelIdentity.captioner(medium))
        }
        models = run.models.filter { uses.contains($0.role) }.map { model in
            Model(
                role: model.role, license: model.license,
                files: Dictionary(model.files.map { ($0.name, $0.sha256) }, uniquingKeysWith: { first, _ in first }))
        }
        configSHA256 = run.configSHA256
    }
}

extension SampleDocument.Audio {
    init(_ audio: GenerationResult.Audio, scale: Double?) {
        self.init(
            samplingRate: GenerationPipeline.samplingRate, samples: audio.waveform.count, peak: audio.peak,
            latent: SampleDocument.Latent(audio.latent, scale: scale))
    }
}

extension SampleDocument.Video {
    /// - Returns: nil for a video without frames.
    init?(_ video: GenerationResult.Video, fps: Double?, scale: Double?) {
        guard let first = video.frames.first else { return nil }
        self.init(
            width: first.width, height: first.height, frames: video.frames.count, fps: fps,
            latent: SampleDocument.Latent(video.latent, scale: scale))
    }
}

extension SampleDocument.Latent {
    init(_ latent: GenerationResult.Latent, scale: Double?) {
        self.init(shape: latent.shape, dtype: "float16", scale: scale ?? 1)
    }
}
