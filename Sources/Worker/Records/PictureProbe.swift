internal import Networks
internal import Planning
internal import Preflight
internal import Torch

/// Looks at the weights of a run of pictures as the ranks will: the file, then every key and shape. No weight is read.
struct PictureProbe: PictureModelProbe {
    private let files = CheckpointProbe()

    func inspect(_ pictures: PictureJob) -> ModelInspection {
        files.inspect(pictures).followed(by: [{ _ = try Paprika(path: pictures.model, dtype: nil, device: .cpu) }])
    }
}
