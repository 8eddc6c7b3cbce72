internal import CaptionServer
internal import Checkpoint
internal import Engine
internal import Foundation
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
    struct Input: Sendable {
        let read: SampleInput
        /// nil where no server is asked, or has answered.
        var question: CaptionQuestion?
        var answer: SampleCaption?
    }

    /// The captioners and the binder.
    struct Loaded: Sendable {
        let captioner: any Captioner
        let server: ServedCaptions?
        let binder: BinderModel
    }

    private var settings: CaptionerSettings { captions.job.captioner ?? CaptionerSettings() }

    func load(on device: Device) throws -> Loaded { try Self.load(captions.job, dtype: .float32, device: device) }

    /// - Parameter dtype: nil checks files, keys and shapes and reads no weight.
    static func load(_ job: Job, dtype: DType?, device: Device) throws -> Loaded {
        let cache = HuggingFaceCache()
        let files = try ImageBindFiles(
            cache.resolve(job.models[.imageBind] ?? ""), vocabulary: job.models.vocabulary)
        let settings = job.captioner ?? CaptionerSettings()
        return Loaded(
            captioner: try ModelCaptions(settings, cache: cache, dtype: dtype, device: device),
            server: try ServedCaptions(settings, environment: ProcessInfo.processInfo.environment),
            binder: try BinderModel(files, dtype: dtype, device: device))
    }

    func read(_ row: PlannedSample) throws -> Input {
        var read = try loader.load(asked(row))
        let question = try read.captioned.flatMap { try ServedCaptions.question($0, settings) }
        if question != nil { read.captioned = nil }
        return Input(read: read, question: question)
    }

    func ask(
        _ inputs: [Result<Input, SampleFailure>], _ loaded: Loaded, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [Result<Input, SampleFailure>] {
        let open = inputs.indices.compactMap { place in
            (try? inputs[place].get())?.question.map { (place: place, question: $0) }
        }
        guard let server = loaded.server, !open.isEmpty else { return inputs }
        var inputs = inputs
        for (place, answer) in zip(open.map(\.place), try await server(open.map(\.question), progress: progress)) {
            inputs[place] = inputs[place].flatMap { input in
                answer.map { Input(read: input.read, answer: $0) }
            }
        }
        return inputs
    }

    func files(of row: PlannedSample) -> [String] { [row.input?.path].compactMap(\.self) }

    func make(
        _ rows: [PlannedSample], _ inputs: [Result<Input, SampleFailure>], _ loaded: Loaded,
        progress: (Double) -> Void
    ) throws -> [Result<Sample, SampleFailure>] {
        makeEach(rows, inputs, progress: progress) { row, input in try tell(of: row, input, loaded) }
    }

    /// A row without the prompt that it may have: it gets another one.
    private func asked(_ row: PlannedSample) -> PlannedSample {
        var row = row
        row.prompt = nil
        return row
    }

    private func tell(of row: PlannedSample, _ found: Input, _ loaded: Loaded) throws -> Sample {
        let input = found.read
        let asked = CaptionInput(key: row.key, prompt: nil, media: input.captioned, embedding: nil)
        guard let medium = row.task.captionedMedium, let condition = input.condition,
            let caption = try found.answer ?? loaded.captioner.caption(asked)
        else { throw SampleFailure(kind: "noInput", message: "'\(row.key)' has nothing to tell of.") }
        let (given, told) = (
            try loaded.binder.embed(condition, captions.job.clips).doubles(),
            try loaded.binder.embed([caption.text]).doubles()
        )
        // The file was read once more.
        try loader.confirm(row, input)
        let record = CaptionRecord(
            id: row.key, caption: caption.text, medium: medium, prompt: settings.prompt(medium),
            model: found.answer.flatMap { _ in loaded.server?.model }, score: caption.score,
            keyFrame: input.facts.keyFrame, keyFrameRule: input.facts.keyFrameRule,
            cosine: BinderScore.cosine(given, told))
        return Sample(key: row.key, members: ["json": try JSONCoding.encode(record)])
    }
}
