package import Shard

/// A resolved job: every setting of the job file, presets and command line applied.
///
/// Its canonical JSON is stored in the run directory, and nothing else about the job is read again.
package struct Job: Codable, Sendable, Equatable {
    /// The task of rows that name none.
    package var task: JobTask
    /// Where the values that the job file leaves out came from.
    package var preset: Preset
    /// The manifest's absolute path.
    package var manifest: String
    /// How the manifest is read.
    package var manifestFormat: ManifestFormat
    /// The folder that the manifest's relative paths start from; nil: the manifest's own.
    package var root: String?
    /// Only rows of this split, for VGGSound lists; nil: all.
    package var split: String?
    /// The models, each an absolute path or a repo id of the Hugging Face cache.
    package var models: Models
    /// The sampler's settings.
    package var sampling: Sampling
    /// The aligner's settings, or off.
    package var guidance: Guidance
    /// How ImageBind reads what is generated and what steers it.
    package var binder: Binder
    /// The negative prompt of rows that name none.
    package var negativePrompt: String
    /// 0 … 2^63 − 1.
    package var seed: UInt64
    /// How a sample's seed follows from the job's.
    package var seedMode: SeedMode
    /// Samples that are computed, retried and published together.
    package var batch: Int
    /// Samples in one shard.
    package var shard: Int
    /// Numbers of the networks; losses and spectrograms stay in fp32.
    package var precision: Precision
    /// Where the networks run.
    package var device: Device
    /// Threads of the CPU kernels; nil: what the machine offers. The number can change the last bits of a result.
    package var threads: Int?
    /// Whether shards are `.tar.zst` or `.tar`.
    package var compression: Compression
    /// What is kept of each sample, sorted.
    package var members: [String]
    /// How published bytes reach the coordinator.
    package var gather: Gather
    /// Whether a silent result is a failure.
    package var silence: Silence
    /// What becomes of manifest rows that cannot be used.
    package var invalidRows: InvalidRows
    /// How the identity of input and model files is established.
    package var inputHash: InputHash

    private enum CodingKeys: String, CodingKey {
        case task, preset, manifest, root, split, models, sampling, guidance, binder, seed, batch, shard
        case precision, device, threads, compression, members, gather, silence
        case manifestFormat = "manifest_format"
        case negativePrompt = "negative_prompt"
        case seedMode = "seed_mode"
        case invalidRows = "invalid_rows"
        case inputHash = "input_hash"
    }
}

extension Job {
    /// A set of defaults.
    package enum Preset: String, Codable, Sendable, CaseIterable {
        /// What the released code does.
        case official
        /// What the paper prints.
        case paper
    }

    /// The models that a job loads.
    package struct Models: Codable, Sendable, Equatable {
        /// The AudioLDM pipeline: a diffusers folder or a repo id.
        package var audio: String
        /// ImageBind: a `.pth` or safetensors file, a folder, or a repo id.
        package var binder: String
        /// CLIP's vocabulary for ImageBind's tokenizer; nil: beside ImageBind's weights.
        package var vocabulary: String?
    }

    /// The sampler's settings.
    package struct Sampling: Codable, Sendable, Equatable {
        /// Sampling steps.
        package var steps: Int
        /// Scale of classifier-free guidance per generated modality; 1 turns it off.
        package var cfgScale: PerModality
        /// The output's length.
        package var duration: OutputDuration
        /// With `duration: source`, the longest output in seconds.
        package var maxDuration: Double
        /// DDIM's η; 0 is deterministic, 1 is DDPM.
        package var eta: Double

        private enum CodingKeys: String, CodingKey {
            case steps, duration, eta
            case cfgScale = "cfg_scale"
            case maxDuration = "max_duration"
        }
    }

    /// How ImageBind reads what is generated and what steers it.
    package struct Binder: Codable, Sendable, Equatable {
        /// Length of one clip in whole seconds, at least 1.
        package var clipDuration: Int
        /// Clips that are spread over a sample; nil: the sample's seconds, rounded up.
        package var clipsPerVideo: Int?
        /// Video frames read in each clip.
        package var framesPerClip: Int
        /// Spectrogram frames that a clip's audio is padded or cut to.
        package var targetLength: Int
        /// Mean that is subtracted from the log-mel spectrogram.
        package var audioMean: Double
        /// Standard deviation that the log-mel spectrogram is divided by.
        package var audioStd: Double

        private enum CodingKeys: String, CodingKey {
            case clipDuration = "clip_duration"
            case clipsPerVideo = "clips_per_video"
            case framesPerClip = "frames_per_clip"
            case targetLength = "target_length"
            case audioMean = "audio_mean"
            case audioStd = "audio_std"
        }

        /// The number of clips in a sample of `seconds`.
        package func clips(in seconds: Double) -> Int { clipsPerVideo ?? max(1, Int(seconds.rounded(.up))) }
    }

    /// How a sample's seed follows from the job's.
    package enum SeedMode: String, Codable, Sendable, CaseIterable {
        /// A hash of the job's seed and the sample's key.
        case hash
        /// The job's seed for every sample, as the official code does.
        case same
    }

    /// Numbers of the networks.
    package enum Precision: String, Codable, Sendable, CaseIterable { case fp32, bf16, fp16 }

    /// Where the networks run.
    package enum Device: String, Codable, Sendable, CaseIterable { case auto, cpu, cuda }

    /// How published bytes reach the coordinator.
    package enum Gather: String, Codable, Sendable, CaseIterable { case shared, mpi }

    /// Whether a silent result is a failure.
    package enum Silence: String, Codable, Sendable, CaseIterable { case allow, fail }

    /// What becomes of manifest rows that cannot be used.
    package enum InvalidRows: String, Codable, Sendable, CaseIterable {
        /// The plan is refused.
        case fail
        /// They become failed samples of the run.
        case record
    }

    /// How the identity of input and model files is established.
    package enum InputHash: String, Codable, Sendable, CaseIterable {
        /// SHA-256 of their bytes.
        case full
        /// Size and modification time.
        case stat
    }
}

/// The length of what is generated.
package enum OutputDuration: Sendable, Equatable, Codable {
    /// This many seconds.
    case seconds(Double)
    /// The steering clip's length, rounded up to a whole second.
    case source

    /// Reads a number of seconds or `"source"`.
    package init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let seconds = try? single.decode(Double.self) {
            self = .seconds(seconds)
        } else if try single.decode(String.self) == "source" {
            self = .source
        } else {
            throw DecodingError.dataCorruptedError(in: single, debugDescription: "neither seconds nor `source`")
        }
    }

    /// Writes a number of seconds or `"source"`.
    package func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch self {
        case .seconds(let seconds): try single.encode(seconds)
        case .source: try single.encode("source")
        }
    }
}
