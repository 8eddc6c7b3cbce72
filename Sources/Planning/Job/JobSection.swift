internal import Method

/// A mapping of a job file while its settings are read: hands out values, and collects what is wrong with them.
///
/// A wrong value is noted and its default used, so that one run of `plan` shows every mistake of the file. A section may
/// be read several times, once for each task: a mistake is noted once, and a key is known where any reading asked for it.
final class JobSection {
    /// What is wrong, shared by the sections of one file.
    final class Problems {
        private(set) var all: [JobProblem] = []
        private var seen: Set<JobProblem> = []

        func add(_ problem: JobProblem) {
            if seen.insert(problem).inserted { all.append(problem) }
        }
    }

    /// A range of numbers together with its wording.
    struct NumberRange {
        let lower: Double
        let upper: Double
        /// Whether `lower` itself is excluded.
        var open = false

        func contains(_ value: Double) -> Bool {
            (open ? value > lower : value >= lower) && value <= upper
        }

        var text: String {
            open ? "above \(short(lower)) and at most \(short(upper))" : "from \(short(lower)) to \(short(upper))"
        }

        private func short(_ value: Double) -> String {
            Int(exactly: value).map(String.init) ?? "\(value)"
        }
    }

    private let path: String
    private let location: String
    private let problems: Problems
    private var entries: [String: JobNode.Entry] = [:]
    private var known: Set<String> = []
    private var children: [String: JobSection] = [:]

    /// - Parameter path: The section's own key, empty for the file's root.
    init(_ entries: [JobNode.Entry], path: String, location: String, problems: Problems) {
        self.path = path
        self.location = location
        self.problems = problems
        for entry in entries { self.entries[entry.key] = entry }
    }

    /// Whether the key is written.
    func has(_ key: String) -> Bool { entries[key] != nil }

    /// The value as written; the key counts as known from now on.
    func node(_ key: String) -> JobNode? {
        known.insert(key)
        return entries[key]?.node
    }

    /// Notes that a value cannot be used.
    func reject(_ key: String, _ found: String, _ allowed: String) {
        let place = entries[key]?.location ?? location
        problems.add(JobProblem(location: place, key: full(key), found: found, allowed: allowed))
    }

    /// - Parameters:
    ///   - step: what the number must be a multiple of.
    ///   - unit: what the number counts, for the message.
    func integer(
        _ key: String, _ range: ClosedRange<Int>, multipleOf step: Int = 1, of unit: String? = nil,
        default fallback: Int
    ) -> Int {
        guard let node = node(key) else { return fallback }
        if case .scalar(let text, false) = node.content, let value = Int(text), range.contains(value),
            value.isMultiple(of: step)
        {
            return value
        }
        let what = (step == 1 ? "a whole number" : "a multiple of \(step)") + (unit.map { " of \($0)" } ?? "")
        reject(key, node.found, "it must be \(what) from \(range.lowerBound) to \(range.upperBound)")
        return fallback
    }

    /// A list of whole numbers, which may be empty.
    func integers(_ key: String, _ range: ClosedRange<Int>, default fallback: [Int]) -> [Int] {
        guard let node = node(key) else { return fallback }
        let allowed = "it must be a list of whole numbers from \(range.lowerBound) to \(range.upperBound)"
        guard case .sequence(let items) = node.content, items.count <= 64 else {
            reject(key, node.found, allowed)
            return fallback
        }
        return items.compactMap { item in
            if case .scalar(let text, false) = item.content, let value = Int(text), range.contains(value) {
                return value
            }
            reject(key, "holds a value that \(item.found)", allowed)
            return nil
        }
    }

    /// A whole number, or the word `auto` for nil.
    func integerOrAuto(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        guard let node = node(key) else { return nil }
        if case .scalar(let text, _) = node.content {
            if text == "auto" { return nil }
            if let value = Int(text), range.contains(value) { return value }
        }
        reject(key, node.found, "it must be auto or a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// A whole number, or the word `model` for nil.
    func integerOrModel(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        guard let node = node(key) else { return nil }
        if case .scalar(let text, _) = node.content {
            if text == SamplerSettings.model { return nil }
            if let value = Int(text), range.contains(value) { return value }
        }
        reject(
            key, node.found,
            "it must be \(SamplerSettings.model) or a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    func seed(_ key: String, default fallback: UInt64) -> UInt64 {
        guard let node = node(key) else { return fallback }
        if case .scalar(let text, false) = node.content, let value = UInt64(text), value <= Seeds.maximum {
            return value
        }
        reject(key, node.found, "it must be a whole number from 0 to \(Seeds.maximum)")
        return fallback
    }

    func number(_ key: String, _ range: NumberRange, default fallback: Double) -> Double {
        guard let node = node(key) else { return fallback }
        if case .scalar(let text, false) = node.content, let value = Self.double(text), range.contains(value) {
            return value
        }
        reject(key, node.found, "it must be a number \(range.text)")
        return fallback
    }

    /// A number, or the word `off` for nil.
    func numberOrOff(_ key: String, _ range: NumberRange, default fallback: Double?) -> Double? {
        guard let node = node(key) else { return fallback }
        if case .scalar(let text, _) = node.content {
            if text == "off" { return nil }
            if let value = Self.double(text), range.contains(value) { return value }
        }
        reject(key, node.found, "it must be off or a number \(range.text)")
        return fallback
    }

    /// Seconds, or the word `source`.
    func duration(_ key: String, default fallback: OutputDuration) -> OutputDuration {
        guard let node = node(key) else { return fallback }
        let range = NumberRange(lower: 0, upper: 3600, open: true)
        if case .scalar(let text, _) = node.content {
            if text == "source" { return .source }
            if let value = Self.double(text), range.contains(value) { return .seconds(value) }
        }
        reject(key, node.found, "it must be a number of seconds \(range.text), or source")
        return fallback
    }

    /// Where the value of one modality stands: under the key itself, which then counts for all, or in a mapping below it,
    /// `{audio: …, video: …}`.
    func place(of key: String, _ modality: Modality) -> (section: JobSection, key: String) {
        guard case .mapping = node(key)?.content else { return (self, key) }
        return (section(key), modality.rawValue)
    }

    /// The values of the modalities that a task makes, each from its place; the others keep the default.
    func perModality<Value>(
        _ key: String, _ task: GenerationTask, default fallback: PerModality<Value>,
        read: (_ section: JobSection, _ key: String, _ fallback: Value) -> Value
    ) -> PerModality<Value> {
        func value(_ modality: Modality, _ fallback: Value) -> Value {
            guard task.generated.contains(modality) else { return fallback }
            let (section, key) = place(of: key, modality)
            return read(section, key, fallback)
        }
        return PerModality(audio: value(.audio, fallback.audio), video: value(.video, fallback.video))
    }

    func bool(_ key: String, default fallback: Bool) -> Bool {
        guard let node = node(key) else { return fallback }
        if case .scalar(let text, false) = node.content, let value = Bool(text) { return value }
        reject(key, node.found, "it must be true or false")
        return fallback
    }

    func choice<Choice: CaseIterable & RawRepresentable>(_ key: String, default fallback: Choice) -> Choice
    where Choice.RawValue == String {
        guard let node = node(key) else { return fallback }
        if case .scalar(let text, _) = node.content, let value = Choice(rawValue: text) { return value }
        reject(key, node.found, "it must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        return fallback
    }

    /// One of a list of choices, or the word `model` for nil.
    func choiceOrModel<Choice: CaseIterable & RawRepresentable>(_ key: String, default fallback: Choice?) -> Choice?
    where Choice.RawValue == String {
        guard let node = node(key) else { return fallback }
        if case .scalar(let text, _) = node.content {
            if text == SamplerSettings.model { return nil }
            if let value = Choice(rawValue: text) { return value }
        }
        let words = [SamplerSettings.model] + Choice.allCases.map(\.rawValue)
        reject(key, node.found, "it must be one of \(words.joined(separator: ", "))")
        return fallback
    }

    /// A text that may be empty; nil where the key is missing.
    func text(_ key: String) -> String? {
        guard let node = node(key) else { return nil }
        if case .scalar(let text, _) = node.content, !text.contains("\0"), text.utf8.count <= 20_000 { return text }
        reject(key, node.found, "it must be one text of at most 20000 bytes without NUL")
        return nil
    }

    /// A text that may not be missing or empty.
    func requiredText(_ key: String, _ what: String) -> String {
        if has(key) {
            guard let text = text(key) else { return "" }
            if !text.isEmpty { return text }
            reject(key, "is empty", "it must name \(what)")
        } else {
            _ = node(key)
            reject(key, "is missing", "it must name \(what)")
        }
        return ""
    }

    /// A list of words out of `allowed`, sorted; empty where the key is missing.
    func choices<Choice: RawRepresentable & Hashable & Comparable>(_ key: String, among allowed: [Choice]) -> [Choice]
    where Choice.RawValue == String {
        guard let node = node(key) else { return [] }
        let range = "it must be a list out of \(allowed.sorted().map(\.rawValue).joined(separator: ", "))"
        guard case .sequence(let items) = node.content, !items.isEmpty else {
            reject(key, node.found, range)
            return []
        }
        var choices: Set<Choice> = []
        for item in items {
            guard case .scalar(let word, _) = item.content, let choice = allowed.first(where: { $0.rawValue == word })
            else {
                reject(key, "holds a value that \(item.found)", range)
                continue
            }
            if !choices.insert(choice).inserted { reject(key, "names `\(word)` twice", "name each member once") }
        }
        return choices.sorted()
    }

    /// The mapping of a key; an empty one where it is missing or something else.
    func section(_ key: String) -> JobSection {
        let node = node(key)
        if let child = children[key] { return child }
        var entries: [JobNode.Entry] = []
        if let node {
            if case .mapping(let found) = node.content {
                entries = found
            } else {
                reject(key, node.found, "it must be a mapping")
            }
        }
        let child = JobSection(
            entries, path: full(key), location: node?.location ?? location, problems: problems)
        children[key] = child
        return child
    }

    /// Notes every key that nothing asked for, here and in the mappings below.
    func finish() {
        for entry in entries.values.sorted(by: { $0.key < $1.key }) where !known.contains(entry.key) {
            let near = known.sorted().min { Self.distance($0, entry.key) < Self.distance($1, entry.key) }
            let hint = near.flatMap { Self.distance($0, entry.key) <= 2 ? "did you mean `\($0)`? " : nil } ?? ""
            reject(entry.key, "is not a setting", "\(hint)known here: \(known.sorted().joined(separator: ", "))")
        }
        for child in children.sorted(by: { $0.key < $1.key }) { child.value.finish() }
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// A finite number as it is written; nil for anything else.
    static func double(_ text: String) -> Double? {
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first), let value = Double(text) else {
            return nil
        }
        return value.isFinite ? value : nil
    }

    /// The number of single-letter edits between two keys.
    private static func distance(_ first: String, _ second: String) -> Int {
        let target = Array(second.utf8.prefix(64))
        var row = Array(0...target.count)
        for letter in first.utf8.prefix(64) {
            var diagonal = row[0]
            row[0] += 1
            for index in target.indices {
                let substituted = diagonal + (target[index] == letter ? 0 : 1)
                diagonal = row[index + 1]
                row[index + 1] = min(substituted, row[index] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
