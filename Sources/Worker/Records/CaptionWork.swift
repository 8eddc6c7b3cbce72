internal import Checkpoint
internal import Engine
internal import JSON
internal import Method
internal import Networks
internal import Planning
internal import Shard
internal import Torch

/// The work of a run of captions: a captioner tells of each row, and the binder how well that fits.
struct CaptionWork: RecordWork {
    private let captions: CaptionJob
    private let loader: InputLoader

    init(_ captions: CaptionJob) {
        self.captions = captions
        loader = InputLoader(job: captions.job)
    }

    /// What was read of a row.
    struct Input: Sendable { let read: SampleInput }

    /// The captioners and the binder.
    struct Loaded: Sendable {
        let captioner: any Captioner
        let binder: BinderModel
    }

    func load(on device: Device) throws -> Loaded { try Self.load(captions.job, dtype: .float32, device: device) }

    /// - Parameter dtype: nil checks files, keys and shapes and reads no weight.
    static func load(_ job: Job, dtype: DType?, device: Device) throws -> Loaded {
        let cache = HuggingFaceCache()
        let files = try ImageBindFiles(
            cache.resolve(job.models[.imageBind] ?? ""), vocabulary: job.models.vocabulary)
        return Loaded(
            captioner: try ModelCaptions(
                job.captioner ?? CaptionerSettings(), cache: cache, dtype: dtype, device: device),
            binder: try BinderModel(files, dtype: dtype, device: device))
    }

    func read(_ row: PlannedSample) throws -> Input { Input(read: try loader.load(asked(row))) }

    func files(of row: PlannedSample) -> [String] { [row.input?.path].compactMap(\.self) }

    func make(
        _ rows: [PlannedSample], _ inputs: [Result<Input, SampleFailure>], _ loaded: Loaded,
        progress: (Double) -> Void
    ) throws -> [Result<Sample, SampleFailure>] {
        makeEach(rows, inputs, progress: progress) { row, input in try tell(of: row, input.read, loaded) }
    }

    /// A row without the prompt that it may have: it gets another one.
    private func asked(_ row: PlannedSample) -> PlannedSample {
        var row = row
        row.prompt = nil
        return row
    }

    private func tell(of row: PlannedSample, _ input: SampleInput, _ loaded: Loaded) throws -> Sample {
        let asked = CaptionInput(key: row.key, prompt: nil, media: input.captioned, embedding: nil)
        guard let medium = row.task.captionedMedium, let condition = input.condition,
            let caption = try loaded.captioner.caption(asked)
        else { throw SampleFailure(kind: "noInput", message: "'\(row.key)' has nothing to tell of.") }
        let (given, told) = (
            try loaded.binder.embed(condition, captions.job.clips).doubles(),
            try loaded.binder.embed([caption.text]).doubles()
        )
        // The file was read once more.
        try loader.confirm(row, input)
        let settings = captions.job.captioner ?? CaptionerSettings()
        let record = CaptionRecord(
            id: row.key, caption: caption.text, medium: medium,
            prompt: medium == .image ? settings.detail.prompt : settings.style, score: caption.score,
            keyFrame: input.facts.keyFrame, keyFrameRule: input.facts.keyFrameRule,
            cosine: BinderScore.cosine(given, told))
        return Sample(key: row.key, members: ["json": try JSONCoding.encode(record)])
    }
}
