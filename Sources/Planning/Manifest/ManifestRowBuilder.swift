internal import Files
internal import Foundation
internal import JSON
internal import Method

/// Turns the fields of one row into a ``ManifestRow``, and notes everything that is wrong with it.
struct ManifestRowBuilder {
    let job: Job
    let root: ManifestRoot
    /// The row number of each key.
    private var taken: [TextFingerprint: Int32] = [:]

    /// Longest window or sample, in seconds.
    static let maximumSeconds = 86_400.0

    /// - Parameters:
    ///   - job: whose task and settings rows without their own have.
    ///   - root: where relative paths start.
    init(job: Job, root: URL) {
        self.job = job
        self.root = ManifestRoot(root)
    }

    /// Makes a row of its fields.
    /// - Parameter problems: What its syntax got wrong already.
    mutating func item(
        row number: Int, _ fields: [ManifestColumn: ManifestField], problems: [RowProblem] = []
    ) -> ManifestItem {
        var row = Row(number: number, fields: fields, problems: problems)
        let task = row.task(default: job.task)
        let input = row.input(for: task, root: root)
        if job.settings(for: task).members.isEmpty {
            row.note(
                .task, .input, "task \(task.rawValue) makes none of the job's members",
                "name one of \(task.members.map(\.rawValue).joined(separator: ", ")) too, or all it makes in tasks.\(task.rawValue).members"
            )
        }
        let text = (prompt: row.text(.prompt), negative: row.text(.negativePrompt, keepEmpty: true))
        if text.prompt == nil, task == .joint,
            !row.problems.contains(where: { $0.field == ManifestColumn.prompt.rawValue })
        {
            row.note(.prompt, .input, "is missing", "task joint is made from its prompt: describe scene and sound")
        }
        if task.isCoupled {
            for (column, text) in [(ManifestColumn.prompt, text.prompt), (.negativePrompt, text.negative)]
            where text != nil {
                row.note(column, .input, "task \(task.rawValue) has no prompt", "leave it out")
            }
        }
        let start = row.seconds(.start, 0...Self.maximumSeconds)
        let duration = row.seconds(.duration, Double.leastNonzeroMagnitude...Self.maximumSeconds)
        if start != nil, task.inputKinds.isEmpty || input?.kind == .image {
            row.note(
                .start, .input, "no window is read of \(input == nil ? "a prompt" : "an image")", "leave start out")
        }
        let seed = row.seed()
        guard let key = row.key(path: input?.path) else { return .rejected(row.problems) }
        let fingerprint = TextFingerprint(key)
        if let first = taken[fingerprint] {
            row.note(
                .id, .duplicate, "the key \(quoted(key)) already belongs to row \(first)",
                "give each row its own id")
            return .rejected(row.problems)
        }
        taken[fingerprint] = Int32(clamping: number)
        return .row(
            ManifestRow(
                number: number, key: key, task: task, prompt: text.prompt, negativePrompt: text.negative, input: input,
                start: start, duration: duration, seed: seed, problems: row.problems))
    }
}

/// One row while it is checked.
private struct Row {
    let number: Int
    let fields: [ManifestColumn: ManifestField]
    var problems: [RowProblem]

    mutating func note(_ column: ManifestColumn?, _ kind: RowProblem.Kind, _ found: String, _ remedy: String) {
        problems.append(RowProblem(row: number, field: column?.rawValue, kind: kind, found: found, remedy: remedy))
    }

    mutating func task(default fallback: GenerationTask) -> GenerationTask {
        guard let field = present(.task) else { return fallback }
        guard let name = field.asText, let task = GenerationTask(rawValue: name) else {
            note(.task, .value, "\(field.found) is not a task", "the tasks are \(GenerationTask.names)")
            return fallback
        }
        return task
    }

    mutating func input(for task: GenerationTask, root: ManifestRoot) -> ManifestInput? {
        var input: ManifestInput?
        var columns: [ManifestColumn] = []
        let wanted = task.inputKinds.map(\.rawValue).joined(separator: " or ")
        for (column, kind) in [(ManifestColumn.video, InputKind.video), (.image, .image), (.audio, .audio)] {
            guard let field = present(column) else { continue }
            guard task.inputKinds.contains(kind) else {
                note(
                    column, .input, "task \(task.rawValue) takes no \(kind.rawValue)",
                    "\(wanted.isEmpty ? "name no file" : "name its \(wanted)"), or set the row's task")
                continue
            }
            columns.append(column)
            guard columns.count == 1 else {
                note(column, .input, "cannot be combined with `\(columns[0].rawValue)`", "keep one of them")
                continue
            }
            guard let path = field.asText else {
                note(column, .value, "\(field.found) is not a path", "write the path as text")
                continue
            }
            if path.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
                note(column, .value, "the path \(field.found) holds a control character", "rename the file")
            } else if path.utf8.count > 4096 {
                note(column, .value, "the path has \(path.utf8.count) bytes", "a path has at most 4096")
            } else {
                input = ManifestInput(kind: kind, path: root.path(of: path))
            }
        }
        if columns.isEmpty, let kind = task.inputKinds.first {
            note(
                ManifestColumn(rawValue: kind.rawValue), .input, "is missing",
                "task \(task.rawValue) needs the path of its \(wanted)")
        }
        return input
    }

    /// A text; an empty one counts as absent unless it may say something by being empty.
    mutating func text(_ column: ManifestColumn, keepEmpty: Bool = false) -> String? {
        guard let field = fields[column] else { return nil }
        guard let text = field.asText else {
            note(column, .value, "\(field.found) is not text", "write it in quotes")
            return nil
        }
        if text.isEmpty {
            if keepEmpty, case .string = field { return "" }
            return nil
        }
        if text.utf8.contains(0) {
            note(column, .value, "the text \(field.found) holds a NUL", "remove it")
            return nil
        }
        if text.utf8.count > 20_000 {
            note(column, .value, "the text has \(text.utf8.count) bytes", "a text has at most 20000")
            return nil
        }
        return text
    }

    mutating func seconds(_ column: ManifestColumn, _ range: ClosedRange<Double>) -> Double? {
        guard let field = present(column) else { return nil }
        if let text = field.asNumber, let value = Self.double(text), range.contains(value) { return value }
        if noteQuotes(column, field) { return nil }
        let lower = range.lowerBound == 0 ? "from 0" : "above 0"
        note(
            column, .value, "\(field.found) is not a usable time",
            "give a number of seconds \(lower) to \(Int(range.upperBound))")
        return nil
    }

    mutating func seed() -> UInt64? {
        guard let field = present(.seed) else { return nil }
        if let text = field.asNumber, let value = UInt64(text), value <= Seeds.maximum { return value }
        if noteQuotes(.seed, field) { return nil }
        note(.seed, .value, "\(field.found) is not a seed", "give a whole number from 0 to \(Seeds.maximum)")
        return nil
    }

    /// Notes a JSON number in quotes as what it is; false for anything else.
    private mutating func noteQuotes(_ column: ManifestColumn, _ field: ManifestField) -> Bool {
        guard case .string(let text) = field, Self.double(text) != nil else { return false }
        note(column, .value, "\(field.found) is text, and a number is needed", "write it without the quotes: \(text)")
        return true
    }

    /// The row's key, given or derived; nil where it cannot be used.
    mutating func key(path: String?) -> String? {
        guard let field = present(.id) else { return ManifestKey.derived(path: path, row: number) }
        let id: String
        switch field {
        case .text(let text), .string(let text): id = text
        // 17 is as good an id as "17".
        case .number(let digits) where digits.utf8.allSatisfy { (0x30...0x39).contains($0) }: id = digits
        default:
            note(.id, .id, "\(field.found) is not an id", "write the id as text")
            return nil
        }
        if let reason = ManifestKey.problem(with: id) {
            note(.id, .id, "\(quoted(id)) \(reason.found)", reason.remedy)
            return nil
        }
        return id
    }

    private func present(_ column: ManifestColumn) -> ManifestField? {
        guard let field = fields[column], field != .text(""), field != .string("") else { return nil }
        return field
    }

    private static func double(_ text: String) -> Double? {
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first), let value = Double(text) else {
            return nil
        }
        return value.isFinite ? value : nil
    }
}
