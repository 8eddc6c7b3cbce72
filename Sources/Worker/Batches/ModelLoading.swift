internal import Checkpoint
package import Coordinator
internal import Engine
internal import Preflight
internal import Torch

extension AudioPipeline {
    /// Loads what a job names.
    /// - Throws: errors of files, configurations and keys.
    static func load(_ job: Job, dtype: DType?, device: Device) throws -> AudioPipeline {
        let cache = HuggingFaceCache()
        let models = try AudioModels(ModelFolder(cache.resolve(job.models.audio)), dtype: dtype, device: device)
        let files = try ImageBindFiles(cache.resolve(job.models.binder), vocabulary: job.models.vocabulary)
        return AudioPipeline(models: models, binder: try BinderModel(files, dtype: dtype, device: device))
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
