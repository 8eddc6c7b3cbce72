internal import Checkpoint
package import Coordinator
internal import Engine
internal import Preflight
internal import Torch

extension GenerationPipeline {
    /// Loads what a job needs for some tasks.
    ///
    /// - Parameter dtype: nil checks files, keys and shapes and reads no weight.
    /// - Throws: errors of files, configurations and keys.
    static func load(_ job: Job, tasks: Set<JobTask>, dtype: DType?, device: Device) throws -> GenerationPipeline {
        let cache = HuggingFaceCache()
        var audio: AudioModels?
        if tasks.contains(where: \.makesAudio), let name = job.models.audio {
            audio = try AudioModels(ModelFolder(cache.resolve(name)), dtype: dtype, device: device)
        }
        var pictures: PictureModels?
        if tasks.contains(where: \.makesPictures), let name = job.models.image {
            let motion = tasks.contains(where: \.makesVideo) ? job.models.motion : nil
            pictures = try PictureModels(
                ModelFolder(cache.resolve(name)), motion: motion.map { try MotionAdapterFiles(cache.resolve($0)) },
                dtype: dtype, device: device)
        }
        let files = try ImageBindFiles(cache.resolve(job.models.binder), vocabulary: job.models.vocabulary)
        let binder = try BinderModel(files, dtype: dtype, device: device)
        var captioner: LabelCaptioner?
        if dtype != nil, job.caption == .labels, let path = job.labels {
            captioner = try LabelCaptioner(labels: LabelList(path: path).labels, binder: binder)
        }
        return GenerationPipeline(audio: audio, pictures: pictures, binder: binder, captioner: captioner)
    }
}

/// Looks at a job's models as the ranks will: files and headers, then every key and shape against the configuration.
/// No weight is read.
package struct EngineModelProbe: ModelProbe {
    private let files = CheckpointProbe()

    package init() {}

    package func inspect(_ job: Job) -> ModelInspection {
        var inspection = files.inspect(job)
        guard inspection.problems.isEmpty else { return inspection }
        do {
            _ = try AudioPipeline.load(job, dtype: nil, device: .cpu)
        } catch {
            inspection.problems.append("\(error)")
        }
        return inspection
    }
}
