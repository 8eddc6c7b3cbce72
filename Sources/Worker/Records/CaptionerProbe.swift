internal import Planning
internal import Preflight
internal import Torch

/// Looks at what a run of captions needs as the ranks will: the captioners and the binder.
struct CaptionerProbe: ModelProbe {
    private let files = CheckpointProbe()

    func inspect(_ job: Job) -> ModelInspection {
        files.inspect(job).followed(by: [{ _ = try CaptionWork.load(job, dtype: nil, device: .cpu) }])
    }
}
