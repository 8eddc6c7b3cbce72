internal import Files
internal import Foundation
package import Method

/// How a row of a published table is measured: which samples, what of them, and by which metrics.
package struct EvaluationProtocol: Sendable, Equatable {
    /// Where samples come from.
    package enum Source: String, Sendable, CaseIterable {
        /// Clips of the user's copy of a data set, named by a list or by the folder.
        case clips
        /// Lines of a text file beside the protocol.
        case prompts
    }

    /// What of a clip is looked at, on both sides.
    package struct Window: Sendable, Equatable {
        package enum Place: String, Sendable, CaseIterable {
            case start, middle
        }

        package var place: Place
        /// No more than these of a clip.
        package var seconds: Double
        /// A clip with less is as good as missing.
        package var least: Double
        /// The frames a second that the reference is looked at with, and how many; nil: all that the file has.
        package var frames: (rate: Double, count: Int)?

        package static func == (a: Self, b: Self) -> Bool {
            a.place == b.place && a.seconds == b.seconds && a.least == b.least && a.frames?.rate == b.frames?.rate
                && a.frames?.count == b.frames?.count
        }
    }

    /// What the row is, in a line.
    package let title: String
    /// What generates; nil for sides that other programs made.
    package let task: GenerationTask?
    package let source: Source
    /// Of a list with splits; nil: all of it.
    package let split: String?
    /// How many, nil: all.
    package let samples: Int?
    /// What the choice depends on, beside the ids.
    package let seed: UInt64
    package let window: Window
    /// Whether the list's labels are the captions.
    package let usesLabels: Bool
    /// The file of ``Source/prompts``, an absolute path.
    package let prompts: String?
    /// Metrics as the command line takes them.
    package let table: MetricTable
    /// `audioldm_eval` or `av-benchmark`.
    package let style: String
    package let framing: I3DFraming
    /// Settings of the job file, as it has them.
    package let job: String
    /// What is known of the published row, and what had to be chosen.
    package let remarks: String
}

extension EvaluationProtocol {
    /// Reads a protocol file.
    /// - Throws: ``EvaluationProtocolError`` with everything that is wrong.
    package static func load(_ path: String) throws(EvaluationProtocolError) -> EvaluationProtocol {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: JobFile.maximumBytes)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "it is not UTF-8 text")
        }
        let name = URL(filePath: path).lastPathComponent
        let node: JobNode?
        do throws(JobError) {
            node = try JobNode.parse(text, path: path) { "\(name):\($0)" }
        } catch {
            throw .file(error.description)
        }
        guard case .mapping(let entries)? = node?.content else {
            throw .file("\(path): the file must be a mapping of settings, such as those in eval/protocols")
        }
        let problems = JobSection.Problems()
        let section = JobSection(entries, path: "", location: "\(name):1", problems: problems)
        let read = EvaluationProtocol(section, folder: URL(filePath: path).deletingLastPathComponent())
        section.finish()
        guard problems.all.isEmpty else { throw .file(problems.all.map(\.description).joined(separator: "\n")) }
        return read
    }

    private init(_ section: JobSection, folder: URL) {
        title = section.requiredText("title", "the row that is measured")
        task = section.node("task") != nil ? section.choice("task", default: GenerationTask.v2a) : nil
        source = section.choice("source", default: .clips)
        split = section.text("split")
        samples = section.node("samples") != nil ? section.integer("samples", 1...10_000_000, default: 1) : nil
        seed = section.seed("seed", default: 0)
        usesLabels = section.bool("labels", default: false)
        if usesLabels, task?.isCoupled == true {
            section.reject("labels", "is true", "task mm has no prompt; leave it out")
        }
        table = section.choice("table", default: MetricTable.paperSound)
        let styles = ["audioldm_eval", "av-benchmark"]
        let style = section.text("style") ?? styles[0]
        if !styles.contains(style) {
            section.reject("style", "is `\(style)`", "it must be one of \(styles.joined(separator: ", "))")
        }
        self.style = style
        framing = section.choice("framing", default: I3DFraming.lvdm)
        job = section.text("job") ?? ""
        remarks = section.text("remarks") ?? ""
        let places = section.section("window")
        let positive = JobSection.NumberRange(lower: 0, upper: 3600, open: true)
        let seconds = places.number("seconds", positive, default: 10)
        let rate = places.number("rate", .init(lower: 0, upper: 1000, open: true), default: 8)
        let count = places.node("frames") != nil ? places.integer("frames", 1...4096, default: 16) : nil
        if places.has("rate"), count == nil {
            places.reject("rate", "stands alone", "say with frames how many there are")
        }
        window = Window(
            place: places.choice("at", default: .start), seconds: seconds,
            least: places.number("least", positive, default: 0.9 * seconds), frames: count.map { (rate, $0) })
        let file = section.text("prompts")
        prompts = file.map { URL(filePath: $0, relativeTo: folder).standardizedFileURL.path }
        if source == .prompts, file == nil { section.reject("prompts", "is missing", "it must name a text file") }
        if source == .clips, file != nil {
            section.reject("prompts", "is given", "set `source: prompts` too, or leave it out")
        }
        if (source == .prompts) != (task == .joint) {
            section.reject(
                "source", "is `\(source.rawValue)`", "prompts are for the task joint, and clips for all others")
        }
    }
}

/// Why there is no list of samples for a protocol.
package enum EvaluationProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    /// A sentence that names file and line.
    case file(String)
    case noData(title: String)
    case set(EvaluatedSetError)
    case noSuchSplit(path: String, split: String, found: [String])
    case noneLeft(title: String, candidates: Int, first: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .file(let sentence): sentence
        case .noData(let title): "\(title): name the folder that has the clips with --data"
        case .set(let error): error.description
        case .noSuchSplit(let path, let split, let found):
            "\(path) has no row of the split `\(split)`, only of \(found.joined(separator: ", ")): give the list that has them"
        case .noneLeft(let title, let candidates, let first):
            "\(title): none of \(candidates) clips can be used; the first: \(first)"
        }
    }
}
