extension Job {
    /// The settings of every task: the preset's, under those of the file's top level, under those of the task's section.
    static func tasks(_ top: JobSection, preset: Preset) -> [JobTask: TaskSettings] {
        let sections = top.section("tasks")
        var settings: [JobTask: TaskSettings] = [:]
        for task in JobTask.allCases {
            let own = sections.has(task.rawValue) ? sections.section(task.rawValue) : nil
            _ = sections.node(task.rawValue)
            let layers = [top, own].compactMap { $0 }
            let defaults = PresetDefaults(task: task, preset: preset)
            settings[task] = TaskSettings(
                sampling: sampling(layers.map { $0.section("sampling") }, over: defaults.settings.sampling),
                guidance: guidance(layers, task, defaults.aligner), members: members(top, own, task))
        }
        return settings
    }

    private static func sampling(_ layers: [JobSection], over defaults: Sampling) -> Sampling {
        var sampling = defaults
        let product = defaults.product
        for section in layers {
            sampling.steps = section.integer("steps", 1...1000, default: sampling.steps)
            sampling.cfgScale = section.perModality("cfg_scale", product, default: sampling.cfgScale) {
                $0.number($1, .init(lower: 0, upper: 100), default: $2)
            }
            sampling.scheduler = section.perModality("scheduler", product, default: sampling.scheduler) {
                $0.choice($1, default: $2)
            }
            sampling.betaSchedule = section.perModality("beta_schedule", product, default: sampling.betaSchedule) {
                $0.choice($1, default: $2)
            }
            sampling.timestepSpacing = section.perModality(
                "timestep_spacing", product, default: sampling.timestepSpacing
            ) { $0.choice($1, default: $2) }
            sampling.karrasSigmas = section.bool("karras_sigmas", default: sampling.karrasSigmas)
            sampling.eta = section.number("eta", .init(lower: 0, upper: 1), default: sampling.eta)
            sampling.maxDuration = section.number(
                "max_duration", .init(lower: 0, upper: 3600, open: true), default: sampling.maxDuration)
            if product == .sound { sampling.duration = section.duration("duration", default: sampling.duration) }
            if product.isVideo {
                sampling.frames = section.integer("frames", 1...1024, default: sampling.frames)
                sampling.fps = section.number("fps", .init(lower: 0.1, upper: 120), default: sampling.fps)
            }
            if product.hasPictures {
                sampling.width = section.integer("width", 64...4096, multipleOf: 8, default: sampling.width)
                sampling.height = section.integer("height", 64...4096, multipleOf: 8, default: sampling.height)
            }
        }
        return sampling
    }

    /// - Parameter layers: what holds `guidance`, the last word last.
    private static func guidance(_ layers: [JobSection], _ task: JobTask, _ defaults: Guidance.Aligner) -> Guidance {
        var aligner = defaults
        var isOff = false
        var promptOptimizer: Guidance.Optimizer?
        for layer in layers {
            if case .scalar(let word, _) = layer.node("guidance")?.content {
                if word != "off" { layer.reject("guidance", "is `\(word)`", "it must be off or a mapping of settings") }
                isOff = true
            } else if layer.has("guidance") {
                isOff = false
                read(layer.section("guidance"), task.product, into: &aligner, &promptOptimizer)
            }
        }
        aligner.promptOptimizer = promptOptimizer ?? aligner.optimizer
        return isOff ? .off : .aligner(aligner)
    }

    private static func read(
        _ section: JobSection, _ product: Product, into aligner: inout Guidance.Aligner,
        _ promptOptimizer: inout Guidance.Optimizer?
    ) {
        if section.has("start"), section.has("below") {
            section.reject("below", "stands beside `start`", "give one of them: both say which steps are guided")
        }
        let start = section.number("start", .init(lower: 0, upper: 1), default: 0.2)
        let below = section.integer("below", 0...1000, default: 800)
        if section.has("start") {
            aligner.window = .start(start)
        } else if section.has("below") {
            aligner.window = .below(below)
        }
        let rate = JobSection.NumberRange(lower: 0, upper: 1000)
        aligner.optimizer = section.choice("optimizer", default: aligner.optimizer)
        aligner.learningRate = section.perModality("learning_rate", product, default: aligner.learningRate) {
            $0.number($1, rate, default: $2)
        }
        aligner.promptLearningRate = section.perModality(
            "prompt_learning_rate", product, default: aligner.promptLearningRate
        ) { $0.number($1, rate, default: $2) }
        let wanted = section.choice("prompt_optimizer", default: promptOptimizer ?? aligner.optimizer)
        if section.has("prompt_optimizer") { promptOptimizer = wanted }
        aligner.promptState = section.choice("prompt_state", default: aligner.promptState)
        aligner.innerSteps = section.integer("inner_steps", 1...100, default: aligner.innerSteps)
        aligner.every = section.integer("every", 1...1000, default: aligner.every)
        aligner.x0Pairing = section.choice("x0_pairing", default: aligner.x0Pairing)
        aligner.textTerm = section.bool("text_term", default: aligner.textTerm)
    }

    /// The task's own members, else those of the top level that the task can make: none of them gives an empty list.
    private static func members(_ top: JobSection, _ own: JobSection?, _ task: JobTask) -> [String] {
        let common = top.words("members", allowed: JobTask.allMembers, default: [])
        let exact = own?.words("members", allowed: task.members, default: []) ?? []
        for (section, words) in [(top, common), (own, exact)] where !words.isEmpty && !words.contains("json") {
            section?.reject(
                "members", "leaves out `json`", "json carries the sample's parameters and is always kept")
        }
        if !exact.isEmpty { return exact }
        if common.isEmpty || common == ["json"] { return common.isEmpty ? task.defaultMembers : common }
        let fitting = common.filter(task.members.contains)
        return fitting == ["json"] ? [] : fitting
    }
}
