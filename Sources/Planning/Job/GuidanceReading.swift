internal import Method

/// The guidance of one task while its layers are read, the last word last: the preset's, that of the file's top level, that of
/// the task's own section.
struct GuidanceReading {
    private let task: GenerationTask
    private var isOff = false
    private var gradient: GradientReading
    private var beginnings: BeginningReading
    private var words: WordSettings
    private var hasWords: Bool
    private var joint: JointSettings
    private var hearing: Hearing
    /// Of keys that a layer wrote: what the preset says gives way where it has no use.
    private var writesWords = false
    private var writesDefinite = false

    private static let temperatures = JobSection.NumberRange(lower: 0, upper: 10, open: true)

    init(_ task: GenerationTask, _ preset: Preset) {
        self.task = task
        let guidance = preset.settings(for: task).guidance
        gradient = GradientReading(task, preset)
        beginnings = BeginningReading(task, guidance.beginnings)
        words = guidance.words ?? Preset.words
        hasWords = guidance.words != nil
        joint = guidance.joint
        hearing = guidance.hearing
    }

    /// Reads a layer.
    /// - Parameters:
    ///   - layer: what holds `guidance`.
    ///   - isOwn: whether it is the task's own section, which may hold nothing that the task does not have.
    mutating func read(_ layer: JobSection, isOwn: Bool) {
        if case .scalar(let word, _) = layer.node("guidance")?.content {
            if word != "off" { layer.reject("guidance", "is `\(word)`", "it must be off or a mapping of settings") }
            isOff = true
            return
        }
        guard layer.has("guidance") else { return }
        isOff = false
        let section = layer.section("guidance")
        gradient.read(section)
        beginnings.read(section)
        readWords(section)
        if task == .joint {
            joint.order = section.choice("order", default: joint.order)
            joint.definite = section.numberOrOff("definite", Self.temperatures, default: joint.definite)
            writesDefinite = writesDefinite || section.has("definite")
        } else if isOwn {
            for key in ["order", "definite"] { refuse(key, section, "joint") }
        }
        if task.makesAudio, !task.isCoupled {
            hearing = section.choice("hearing", default: hearing)
        } else if isOwn {
            refuse("hearing", section, task.isCoupled ? "tasks with a vocoder" : "tasks that make sound")
        }
    }

    private mutating func readWords(_ section: JobSection) {
        guard let node = section.node("words") else { return }
        writesWords = true
        switch node.content {
        case .scalar("off", _): hasWords = false
        case .scalar("on", _): hasWords = true
        case .mapping:
            hasWords = true
            words.temperature = section.section("words").number(
                "temperature", Self.temperatures, default: words.temperature)
        case .scalar, .sequence:
            section.reject("words", node.found, "it must be off, on or a mapping, as in {temperature: 0.03}")
        }
    }

    private func refuse(_ key: String, _ section: JobSection, _ owner: String) {
        guard section.node(key) != nil else { return }
        section.reject(key, "is a setting of \(owner)", "leave it out: task \(task.rawValue) does not have it")
    }

    /// What all layers say together.
    var result: Guidance {
        if isOff { return .off }
        var (words, joint) = (hasWords ? words : nil, joint)
        // Nothing to find words for, unless somebody wrote so: then that is a problem of the task's rows.
        if task.isCoupled, !writesWords { words = nil }
        if task == .joint, joint.order == .together {
            // A video and its sound that are made together have nothing yet to find words for.
            if !writesWords { words = nil }
            if !writesDefinite { joint.definite = nil }
        }
        var guidance = Guidance(
            gradient: gradient.result, words: words, beginnings: beginnings.settings, joint: joint, hearing: hearing)
        // Rounds that somebody wrote and that have nothing to cut are a problem of the task's rows.
        if !beginnings.writesRounds, !guidance.cuts(task) { guidance.beginnings.rounds = [] }
        return guidance
    }
}
