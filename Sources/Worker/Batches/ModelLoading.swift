internal import Checkpoint
internal import Engine
internal import Method
internal import Networks
package import Planning
package import Preflight
internal import Torch

extension GenerationPipeline {
    /// Loads the models of a planned job: those that its tasks need.
    ///
    /// - Parameter dtype: nil checks files, keys and shapes and reads no weight.
    /// - Throws: errors of files, configurations, keys and labels.
    static func load(_ job: Job, dtype: DType?, device: Device) throws -> GenerationPipeline {
        let cache = HuggingFaceCache()
        func location(_ family: ModelFamily) throws -> ModelLocation? {
            try job.models[family].map { try cache.resolve($0) }
        }
        let audio = try location(.audioLDM).map {
            try AudioLDMModels(ModelFolder($0), dtype: dtype, device: device)
        }
        let motion = try location(.animateDiff).map(MotionAdapterFiles.init)
        let video = try location(.stableDiffusion).map {
            try StableDiffusionModels(ModelFolder($0), motion: motion, dtype: dtype, device: device)
        }
        let sampling = job.models[.mmDiffusion] == nil ? nil : job.settings(for: .mm).sampling.coupled
        let coupled = try sampling.map { sampling in
            try CoupledModels(
                base: location(.mmDiffusion)?.path ?? "", upscaler: location(.upscaler)?.path, sampling.model,
                dtype: dtype, device: device)
        }
        let files = try ImageBindFiles(
            cache.resolve(job.models[.imageBind] ?? ""), vocabulary: job.models.vocabulary)
        let binder = try BinderModel(files, dtype: dtype, device: device)
        var captioner: LabelCaptioner?
        if dtype != nil, job.usesLabels, let path = job.labels {
            captioner = try LabelCaptioner(labels: LabelList(path: path).labels, binder: binder)
        }
        return GenerationPipeline(
            audio: audio, video: video, coupled: coupled, binder: binder, captioner: captioner,
            recorder: job.graphs == .on && device != .cpu ? WorkRecorder() : nil)
    }
}

/// Looks at a job's models as the ranks will: files and headers, then every key and shape against the configuration.
/// No weight is read.
package struct EngineModelProbe: ModelProbe {
    private let files = CheckpointProbe()

    package init() {}

    package func inspect(_ job: Job) -> ModelInspection {
        files.inspect(job).followed(by: [
            { _ = try GenerationPipeline.load(job, dtype: nil, device: .cpu) },
            { if let captioner = job.captioner { _ = try ModelCaptions(captioner, dtype: nil, device: .cpu) } },
        ])
    }
}
