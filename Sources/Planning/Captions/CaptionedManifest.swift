internal import Files
internal import Foundation
internal import JSON
internal import Method
internal import Shard

/// The manifest of a job with the captions that a run of captions made, and beside it what is known of each.
///
/// Row by row: shards, rows and manifest have one order.
package struct CaptionedManifest {
    private let run: Run
    private let captions: CaptionJob
    private let index: DatasetIndex

    /// - Throws: `RunError`; ``CaptionedManifestError`` where the folder is another run, or not finished.
    package init(_ directory: RunDirectory) throws {
        run = try Run.open(directory)
        guard case .captions(let captions) = run.description.recipe else {
            throw CaptionedManifestError.otherRun(directory.url.path)
        }
        self.captions = captions
        index = DatasetIndex(layout: directory.layout)
    }

    /// How many rows have captions now, and how many could not be captioned.
    package struct Counts: Sendable, Equatable {
        package var captioned = 0
        package var failed = 0
    }

    /// The file beside a manifest that says what is known of each caption.
    package static func sidecar(of manifest: String) -> String {
        let url = URL(filePath: manifest)
        let name = url.deletingPathExtension().lastPathComponent
        return url.deletingLastPathComponent().appending(path: "\(name).captions.jsonl").path
    }

    /// Writes both files, each whole or not at all.
    /// - Throws: errors of files and of the manifest.
    package func write(to path: String) throws -> Counts {
        var counts = Counts()
        let root = pathRoot(for: path)
        var reader = try ManifestReader(captions.job)
        var told = Told(run: run, index: index)
        let target = URL(filePath: path).standardizedFileURL
        let folder = target.deletingLastPathComponent().path
        var rows = try AtomicFile(folder: folder, name: target.lastPathComponent)
        var known = try AtomicFile(folder: folder, name: URL(filePath: Self.sidecar(of: path)).lastPathComponent)
        let models = try modelLine()
        while let item = try reader.next() {
            guard case .row(let row) = item else { continue }
            var caption: String?
            if captions.captions(row.task, prompt: row.prompt) {
                let answer = try told.next(row.key)
                switch answer.outcome {
                case .told(let record):
                    caption = record.caption
                    counts.captioned += 1
                    try known.write(line(CaptionLine(record, answer.seconds, models)))
                case .failed(let kind, let message):
                    counts.failed += 1
                    try known.write(line(CaptionLine(row.key, kind: kind, message: message)))
                }
            }
            try rows.write(line(CaptionedRow(row, prompt: caption ?? row.prompt, below: root)))
        }
        _ = try known.publish(.replaceExisting)
        _ = try rows.publish(.replaceExisting)
        return counts
    }

    private func line(_ value: some Encodable) throws -> [UInt8] { try JSONCoding.encode(value) + [0x0A] }

    /// The captioners' files by role, with their hashes.
    private func modelLine() throws -> [String: [String: String]] {
        Dictionary(
            run.description.models.map { model in
                (
                    model.role,
                    Dictionary(model.files.map { ($0.name, $0.sha256 ?? "") }, uniquingKeysWith: { first, _ in first })
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The folder below which paths are written as relative ones; nil where the new manifest's do not start there.
    private func pathRoot(for path: String) -> String? {
        let old = URL(filePath: captions.job.manifest).deletingLastPathComponent().standardizedFileURL.path
        let new = URL(filePath: path).standardizedFileURL.deletingLastPathComponent().path
        return captions.job.root ?? (old == new ? old : nil)
    }
}

/// Why there is no manifest with captions.
package enum CaptionedManifestError: Error, CustomStringConvertible {
    case otherRun(String)
    case otherRow(manifest: String, key: String)

    package var description: String {
        switch self {
        case .otherRun(let path): "\(path) is no run of captions: give --out another name."
        case .otherRow(let manifest, let key):
            "\(manifest) is not the manifest that was captioned: \(key) is not the next row. Give the same command once more."
        }
    }
}

/// What became of the captioned rows, in their order; one shard is in memory at a time.
private struct Told {
    enum Outcome {
        case told(CaptionRecord)
        case failed(kind: String, message: String)
    }

    let run: Run
    let index: DatasetIndex
    private var shard = 0
    private var answers: ArraySlice<(key: String, outcome: Outcome, seconds: Double?)> = []

    init(run: Run, index: DatasetIndex) {
        self.run = run
        self.index = index
    }

    mutating func next(_ key: String) throws -> (outcome: Outcome, seconds: Double?) {
        while answers.isEmpty, shard < run.layout.shards {
            answers = try read(shard)[...]
            shard += 1
        }
        guard let answer = answers.popFirst(), ExactText(answer.key) == ExactText(key) else {
            throw CaptionedManifestError.otherRow(manifest: run.directory.url.path, key: key)
        }
        return (answer.outcome, answer.seconds)
    }

    private func read(_ number: Int) throws -> [(key: String, outcome: Outcome, seconds: Double?)] {
        var records: [ExactText: CaptionRecord] = [:]
        if let record = try index.record(shard: number), record.nsamples > 0 {
            let reader = try ShardReader(path: "\(index.layout.shards)/\(record.shard)", record: record)
            try reader.forEach { sample in
                records[ExactText(sample.key)] = try JSONCoding.decode(
                    CaptionRecord.self, from: sample.members["json"] ?? [])
            }
        }
        return try index.rows(shard: number).map { row in
            if let record = records[ExactText(row.key)] { return (row.key, .told(record), row.seconds) }
            return (
                row.key,
                .failed(kind: row.error?.kind ?? "lost", message: row.error?.message ?? "nothing is known of it"),
                row.seconds
            )
        }
    }
}

/// A row of the new manifest: what the old one says, with the caption.
private struct CaptionedRow: Encodable {
    let id: String
    let task: String
    let video: String?
    let image: String?
    let audio: String?
    let start: Double?
    let duration: Double?
    let prompt: String?
    let negativePrompt: String?
    let seed: UInt64?

    private enum CodingKeys: String, CodingKey {
        case id, task, video, image, audio, start, duration, prompt, seed
        case negativePrompt = "negative_prompt"
    }

    init(_ row: ManifestRow, prompt: String?, below root: String?) {
        func path(_ kind: InputKind) -> String? {
            guard let input = row.input, input.kind == kind else { return nil }
            guard let root, let rest = ExactText(input.path).dropping(prefix: "\(root)/") else { return input.path }
            return rest
        }
        id = row.key
        task = row.task.rawValue
        (video, image, audio) = (path(.video), path(.image), path(.audio))
        (start, duration) = (row.start, row.duration)
        self.prompt = prompt
        negativePrompt = row.negativePrompt
        seed = row.seed
    }
}

/// What is known of a row's caption.
private struct CaptionLine: Encodable {
    struct Failure: Encodable {
        let kind: String
        let message: String
    }

    let id: String
    var caption: String?
    var medium: String?
    var prompt: String?
    var model: String?
    var score: Double?
    var keyFrame: Double?
    var keyFrameRule: String?
    var cosine: Double?
    var seconds: Double?
    var models: [String: [String: String]]?
    var failure: Failure?

    private enum CodingKeys: String, CodingKey {
        case id, caption, medium, prompt, model, score, cosine, seconds, models, failure
        case keyFrame = "key_frame"
        case keyFrameRule = "key_frame_rule"
    }

    init(_ record: CaptionRecord, _ seconds: Double?, _ models: [String: [String: String]]) {
        id = record.id
        caption = record.caption
        medium = record.medium.rawValue
        prompt = record.prompt
        model = record.model
        score = record.score
        keyFrame = record.keyFrame
        keyFrameRule = record.keyFrameRule?.rawValue
        cosine = record.cosine
        self.seconds = seconds
        if record.model == nil {
            let role = ModelIdentity.captioner(record.medium)
            self.models = models.filter { $0.key == role }
        }
    }

    init(_ id: String, kind: String, message: String) {
        self.id = id
        failure = Failure(kind: kind, message: message)
    }
}
