internal import ClipSampling
internal import JSON
internal import Media
internal import Networks
internal import Planning
internal import Shard
internal import Torch

/// The work of a run that redraws pictures.
struct PictureWork: RecordWork {
    private let pictures: PictureJob
    private let loader: InputLoader

    init(_ pictures: PictureJob) {
        self.pictures = pictures
        loader = InputLoader(job: pictures.job)
    }

    /// What was read of a row.
    struct Input: Sendable {
        let image: Image
        let facts: SampleInput.Facts
    }

    func load(on device: Device) throws -> PaprikaPicture { try PaprikaPicture(path: pictures.model, device: device) }

    func read(_ row: PlannedSample) throws -> Input {
        let (image, facts) = try loader.picture(row)
        return Input(image: image, facts: facts)
    }

    func files(of row: PlannedSample) -> [String] { [row.input?.path].compactMap(\.self) }

    func make(
        _ rows: [PlannedSample], _ inputs: [Result<Input, SampleFailure>], _ draw: PaprikaPicture,
        progress: (Double) -> Void
    ) throws -> [Result<Sample, SampleFailure>] {
        makeEach(rows, inputs, progress: progress) { row, input in
            let drawn = try draw(input.image, keepsBrightness: pictures.keepsBrightness)
            let record = PictureRecord(
                id: row.key, width: drawn.width, height: drawn.height, keyFrame: input.facts.keyFrame,
                keyFrameRule: input.facts.keyFrameRule)
            return Sample(
                key: row.key,
                members: ["json": try JSONCoding.encode(record), "png": try ImageWriter.encode(drawn, as: .png)])
        }
    }
}
