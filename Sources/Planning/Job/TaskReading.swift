internal import Method

extension Job {
    /// The settings of every task: the preset's, under those of the file's top level, under those of the task's section.
    static func tasks(_ top: JobSection, preset: Preset) -> [GenerationTask: TaskSettings] {
        let sections = top.section("tasks")
        var settings: [GenerationTask: TaskSettings] = [:]
        for task in GenerationTask.allCases {
            let own = sections.has(task.rawValue) ? sections.section(task.rawValue) : nil
            _ = sections.node(task.rawValue)
            let layers = [top, own].compactMap { $0 }
            var taskSettings = preset.settings(for: task)
            for layer in layers { read(layer.section("sampling"), into: &taskSettings.sampling) }
            if !layers.contains(where: { $0.section("sampling").has("steps") }) {
                // Another scheduler than the preset's has its own number.
                let usual = taskSettings.sampling.coupled?.scheduler.usualSteps
                taskSettings.sampling.steps = usual ?? taskSettings.sampling.steps
            }
            var guidance = GuidanceReading(task, preset)
            guidance.read(top, isOwn: false)
            if let own { guidance.read(own, isOwn: true) }
            taskSettings.guidance = guidance.result
            taskSettings.members = members(top, own, task, default: taskSettings.members)
            settings[task] = taskSettings
        }
        return settings
    }

    // MARK: - Sampling

    private static func read(_ section: JobSection, into sampling: inout SamplingSettings) {
        sampling.steps = section.integer("steps", 1...1000, default: sampling.steps)
        sampling.karrasSigmas = section.bool("karras_sigmas", default: sampling.karrasSigmas)
        sampling.eta = section.number("eta", .init(lower: 0, upper: 1), default: sampling.eta)
        sampling.maxDuration = section.number(
            "max_duration", .init(lower: 0, upper: 3600, open: true), default: sampling.maxDuration)
        if var coupled = sampling.coupled {
            read(section.section("mm"), into: &coupled)
            sampling.coupled = coupled
        } else {
            // Known, though not this task's.
            _ = section.node("mm")
        }
        if var audio = sampling.audio {
            read(section, .audio, into: &audio.sampler)
            if let duration = audio.duration { audio.duration = section.duration("duration", default: duration) }
            sampling.audio = audio
        }
        if var video = sampling.video {
            read(section, .video, into: &video.sampler)
            video.width = section.integer("width", 64...4096, multipleOf: 8, default: video.width)
            video.height = section.integer("height", 64...4096, multipleOf: 8, default: video.height)
            if var length = video.length {
                length.frames = section.integer("frames", 1...1024, default: length.frames)
                length.fps = section.number("fps", .init(lower: 0.1, upper: 120), default: length.fps)
                video.length = length
            }
            sampling.video = video
        }
    }

    private static func read(_ section: JobSection, into coupled: inout CoupledSampling) {
        coupled.scheduler = section.choice("scheduler", default: coupled.scheduler)
        coupled.binderFrames = section.choice("binder_frames", default: coupled.binderFrames)
        coupled.upscaleSteps = section.integer("upscale_steps", 1...1000, default: coupled.upscaleSteps)
        var model = coupled.model
        model.frames = section.integer("frames", CoupledModelSettings.frameRange, default: model.frames)
        model.side = section.integer("size", CoupledModelSettings.sideRange, default: model.side)
        model.fps = section.integer("fps", CoupledModelSettings.fpsRange, default: model.fps)
        model.samples = section.integer("samples", CoupledModelSettings.sampleRange, default: model.samples)
        model.heads = section.integer("heads", CoupledModelSettings.headRange, default: model.heads)
        model.headChannels = section.integer(
            "head_channels", CoupledModelSettings.headChannelRange, default: model.headChannels)
        model.windows = section.integers("windows", CoupledModelSettings.windowRange, default: model.windows)
        coupled.model = model
    }

    private static func read(_ section: JobSection, _ modality: Modality, into sampler: inout SamplerSettings) {
        var (place, key) = section.place(of: "cfg_scale", modality)
        sampler.cfgScale = place.number(key, .init(lower: 0, upper: 100), default: sampler.cfgScale)
        (place, key) = section.place(of: "scheduler", modality)
        sampler.scheduler = place.choice(key, default: sampler.scheduler)
        (place, key) = section.place(of: "beta_schedule", modality)
        sampler.betaSchedule = place.choiceOrModel(key, default: sampler.betaSchedule)
        (place, key) = section.place(of: "timestep_spacing", modality)
        sampler.timestepSpacing = place.choiceOrModel(key, default: sampler.timestepSpacing)
    }

    // MARK: - Members

    /// The task's own members, else those of the top level that the task can make: none of them gives an empty list.
    private static func members(
        _ top: JobSection, _ own: JobSection?, _ task: GenerationTask, default fallback: [Member]
    ) -> [Member] {
        let common = top.choices("members", among: Member.allCases)
        let exact = own?.choices("members", among: task.members) ?? []
        for (section, members) in [(top, common), (own, exact)] where !members.isEmpty && !members.contains(.json) {
            section?.reject(
                "members", "leaves out `json`", "json carries the sample's parameters and is always kept")
        }
        if !exact.isEmpty { return exact }
        if common.isEmpty || common == [.json] { return common.isEmpty ? fallback : common }
        let fitting = common.filter(task.members.contains)
        return fitting == [.json] ? [] : fitting
    }
}
