package import Method
package import Shard

/// A resolved job: every setting of the job file, presets and command line applied.
///
/// Its canonical JSON is stored in the run directory, and nothing else about the job is read again.
package struct Job: Codable, Sendable, Equatable {
    /// The task of rows that name none.
    package var task: GenerationTask
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
    package var models: ModelReferences
    /// Sampling, guidance and members by task; ``settings(for:)`` reads them.
    package var tasks: [GenerationTask: TaskSettings]
    /// How ImageBind reads what is generated and what steers it.
    package var clips: ClipSettings
    /// What stands in for the caption of rows that have none.
    package var caption: CaptionSource
    /// How models caption, where ``caption`` is `model` and a row has none; else nil.
    package var captioner: CaptionerSettings?
    /// Which frame of a video stands for it; nil: as `seehear` chooses.
    package var keyFrames: KeyFrameRule?
    /// The absolute path of a ``LabelList``; nil where nothing reads it: ``usesLabels``.
    package var labels: String?
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
    /// Whether CUDA may round the factors of fp32 products to TF32; nil: off.
    package var tf32: Switch?
    /// Whether CUDA is given a step's work as a whole (CUDA graphs); nil: off.
    package var graphs: Switch?
    /// How much memory is traded for time.
    package var memory: MemoryPolicy
    /// Where the networks run.
    package var device: Device
    /// Threads of the CPU kernels; nil: what the machine offers. The number can change the last bits of a result.
    package var threads: Int?
    /// Whether shards are `.tar.zst` or `.tar`.
    package var compression: Compression
    /// How published bytes reach the coordinator.
    package var gather: Gather
    /// Whether a silent result is a failure.
    package var silence: Refusal
    /// Whether a result of one colour is a failure.
    package var blank: Refusal
    /// What becomes of manifest rows that cannot be used.
    package var invalidRows: InvalidRows
    /// How the identity of input and model files is established.
    package var inputHash: InputHash

    private enum CodingKeys: String, CodingKey {
        case task, preset, manifest, root, split, models, tasks, caption, captioner, labels, seed, batch, shard
        case precision, tf32, graphs, memory, device, threads, compression, gather, silence, blank
        case clips = "binder"
        case keyFrames = "keyframe"
        case manifestFormat = "manifest_format"
        case negativePrompt = "negative_prompt"
        case seedMode = "seed_mode"
        case invalidRows = "invalid_rows"
        case inputHash = "input_hash"
    }
}

extension Job {
    /// How a sample's seed follows from the job's.
    package enum SeedMode: String, Codable, Sendable, CaseIterable {
        /// A hash of the job's seed and the sample's key.
        case hash
        /// The job's seed for every sample, as the official code does.
        case same
    }

    /// What is off where it is not written.
    package enum Switch: String, Codable, Sendable, CaseIterable { case on, off }

    /// Where the networks run.
    package enum Device: String, Codable, Sendable, CaseIterable { case auto, cpu, cuda }

    /// How published bytes reach the coordinator.
    package enum Gather: String, Codable, Sendable, CaseIterable { case shared, mpi }

    /// Whether a result that nobody wants in a dataset is a failure.
    package enum Refusal: String, Codable, Sendable, CaseIterable { case allow, fail }

    /// What stands in for the caption of a row that has none.
    package enum CaptionSource: String, Codable, Sendable, CaseIterable {
        /// Nothing: an empty prompt, and no text term in the loss.
        case none
        /// The label that lies nearest to the input in ImageBind's space.
        case labels
        /// What a captioner tells of the input.
        case model
    }

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
