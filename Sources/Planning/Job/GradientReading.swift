internal import Method

/// Which gradients a task has, while the layers of its settings are read.
struct GradientReading {
    private enum Kind: String, CaseIterable { case off, aligner, noise }

    private let task: GenerationTask
    private var kind: Kind
    private var aligner: AlignerSettings
    private var promptOptimizer: AlignerSettings.Optimizer?
    private var noise: NoiseGuidanceSettings
    private var writesUntil = false
    private var writesTravelUntil = false

    private static let keys: [(owner: Kind, keys: [String])] = [
        (
            .aligner,
            [
                "optimizer", "learning_rate", "prompt_learning_rate", "prompt_optimizer", "prompt_state", "inner_steps",
                "start", "below", "stop", "every", "x0_pairing", "learning_rate_scale",
            ]
        ), (.noise, ["strength", "until", "travel", "travel_until", "through", "trust_below"]),
    ]

    init(_ task: GenerationTask, _ preset: Preset) {
        self.task = task
        aligner = preset.aligner(for: task)
        noise = preset.noise(for: task)
        kind =
            switch preset.settings(for: task).guidance.gradient {
            case .off: .off
            case .aligner: .aligner
            case .noise: .noise
            }
    }

    /// Reads a layer. Its own word on the kind, or that of the layers before, decides which keys it may have.
    mutating func read(_ section: JobSection) {
        let found = (Self.keys.flatMap(\.keys) + ["text_term"]).filter { section.node($0) != nil }
        let written = section.node("gradient")
        kind = section.choice("gradient", default: kind)
        if let written {
            // Where the word itself is wrong nobody knows what the others were meant for.
            guard case .scalar(let text, _) = written.content, text == kind.rawValue else { return }
        }
        for (owner, keys) in Self.keys where owner != kind {
            for key in keys where found.contains(key) { refuse(key, of: owner, in: section) }
        }
        switch kind {
        case .off:
            if found.contains("text_term") {
                section.reject(
                    "text_term", "belongs to gradients, and `gradient` is off here",
                    "leave it out, or set `gradient: noise` or `gradient: aligner`")
            }
        case .aligner: readAligner(section)
        case .noise: readNoise(section)
        }
    }

    private func refuse(_ key: String, of owner: Kind, in section: JobSection) {
        let isWindow = ["start", "below", "stop", "every"].contains(key)
        let hint = kind == .noise && isWindow ? "leave it out: `until` says which steps are guided" : "leave it out"
        section.reject(
            key, "belongs to `gradient: \(owner.rawValue)`, and `gradient` is \(kind.rawValue) here",
            "\(hint), or set `gradient: \(owner.rawValue)`")
    }

    private mutating func readAligner(_ section: JobSection) {
        aligner.window = window(section, default: aligner.window)
        aligner.optimizer = section.choice("optimizer", default: aligner.optimizer)
        let rates = JobSection.NumberRange(lower: 0, upper: 1000)
        aligner.learningRate = section.perModality("learning_rate", task, default: aligner.learningRate) {
            $0.number($1, rates, default: $2)
        }
        aligner.learningRateScale = section.choice("learning_rate_scale", default: aligner.learningRateScale)
        aligner.promptLearningRate = section.perModality(
            "prompt_learning_rate", task, default: aligner.promptLearningRate
        ) {
            $0.number($1, rates, default: $2)
        }
        let wanted = section.choice("prompt_optimizer", default: promptOptimizer ?? aligner.optimizer)
        if section.has("prompt_optimizer") { promptOptimizer = wanted }
        aligner.promptState = section.choice("prompt_state", default: aligner.promptState)
        aligner.innerSteps = section.integer("inner_steps", 1...100, default: aligner.innerSteps)
        aligner.stop = section.number("stop", .init(lower: 0, upper: 1), default: aligner.stop)
        aligner.every = section.integer("every", 1...1000, default: aligner.every)
        aligner.x0Pairing = section.choice("x0_pairing", default: aligner.x0Pairing)
        aligner.textTerm = textTerm(section, default: aligner.textTerm ? .on : .off) != .off
    }

    private func window(_ section: JobSection, default fallback: GuidanceWindow) -> GuidanceWindow {
        if section.has("start"), section.has("below") {
            section.reject(
                "below", "cannot be combined with `start`", "give one of them: both say which steps are guided")
        }
        // What a wrong value falls back to is never used: the job is refused.
        let start = section.number("start", .init(lower: 0, upper: 1), default: 0)
        let below = section.integer("below", 0...1000, default: 0)
        return section.has("start") ? .start(start) : section.has("below") ? .below(below) : fallback
    }

    private mutating func readNoise(_ section: JobSection) {
        let fractions = JobSection.NumberRange(lower: 0, upper: 1)
        noise.strength = section.number("strength", .init(lower: 0, upper: 100), default: noise.strength)
        noise.until = section.number("until", fractions, default: noise.until)
        noise.travel = section.integer("travel", 1...32, of: "turns", default: noise.travel)
        noise.travelUntil = section.number("travel_until", fractions, default: noise.travelUntil)
        noise.through = section.choice("through", default: noise.through)
        noise.textTerm = textTerm(section, default: noise.textTerm)
        noise.trustBelow = section.number("trust_below", fractions, default: noise.trustBelow)
        writesUntil = writesUntil || section.has("until")
        writesTravelUntil = writesTravelUntil || section.has("travel_until")
    }

    private func textTerm(
        _ section: JobSection, default fallback: NoiseGuidanceSettings.TextTerm
    ) -> NoiseGuidanceSettings.TextTerm {
        guard let node = section.node("text_term") else { return fallback }
        if case .scalar(let text, _) = node.content {
            switch text {
            case "on", "true": return .on
            case "off", "false": return .off
            case "trust" where kind == .noise: return .trust
            default: break
            }
        }
        let allowed =
            kind == .noise
            ? "it must be off, on or trust"
            : "it must be off or on: only `gradient: noise` weighs a caption by trust"
        section.reject("text_term", node.found, allowed)
        return fallback
    }

    /// What all layers say together.
    var result: Guidance.Gradient {
        switch kind {
        case .off: return .off
        case .aligner:
            var aligner = aligner
            aligner.promptOptimizer = promptOptimizer ?? aligner.optimizer
            return .aligner(aligner)
        case .noise:
            var noise = noise
            // Who ends guidance earlier ends what belongs to it.
            if writesUntil, !writesTravelUntil { noise.travelUntil = min(noise.travelUntil, noise.until) }
            return .noise(noise)
        }
    }
}
