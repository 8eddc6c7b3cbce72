internal import Networks
internal import Planning
internal import Preflight
internal import Torch

/// Looks at the weights of a run of pictures as the ranks will: the file, then every key and shape. No weight is read.
struct PictureProbe: PictureModelProbe {
    private let files = CheckpointProbe()

    func inspect(_ pictures: PictureJob) -> ModelInspection {
        var inspection = files.inspect(pictures)
        guard inspection.problems.isEmpty else { return inspection }
        do {
            _ = try Paprika(path: pictures.model, dtype: nil, device: .cpu)
        } catch {
            inspection.problems.append("\(error)")
        }
        return inspection
    }
}
