internal import Foundation
internal import Shard

extension Job {
    /// Resolves the settings of a job file: what is written, else what the preset says.
    init(reading entries: [JobNode.Entry], at path: String) throws(JobError) {
        let problems = JobSection.Problems()
        let file = URL(filePath: path)
        let top = JobSection(
            entries, path: "", location: "\(file.lastPathComponent):1", problems: problems)
        let folder = file.deletingLastPathComponent()

        if !top.has("task") {
            top.reject(
                "task", "is missing", "it must be one of \(JobTask.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        task = top.choice("task", default: .v2a)
        preset = top.choice("preset", default: .official)
        let defaults = PresetDefaults(task: task, preset: preset)

        let manifest = top.requiredText("manifest", "the list of samples, a .jsonl, .csv or .txt file")
        self.manifest = Self.absolute(manifest, folder)
        manifestFormat = top.choice("manifest_format", default: .auto)
        root = top.text("root").map { Self.absolute($0, folder) }
        split = top.text("split")

        let models = top.section("models")
        self.models = Models(
            audio: Self.model(
                models.requiredText("audio", "the AudioLDM pipeline, a diffusers folder or a repo id"), folder),
            binder: Self.model(
                models.requiredText("binder", "ImageBind, a .pth or safetensors file, a folder or a repo id"), folder),
            vocabulary: models.text("vocabulary").map { Self.absolute($0, folder) })
        models.finish()

        sampling = Self.sampling(top.section("sampling"), defaults)
        if task.inputKind == .image || task.inputKind == nil, sampling.duration == .source {
            top.reject("sampling", "has `duration: source`", "task \(task.rawValue) steers by no clip; give seconds")
        }
        guidance = Self.guidance(top, defaults)
        binder = Self.binder(top.section("binder"))
        negativePrompt = top.text("negative_prompt") ?? ""
        seed = top.seed("seed", default: 30)
        seedMode = top.choice("seed_mode", default: .hash)
        batch = top.integer("batch", 1...4096, default: 8)
        shard = top.integer("shard", 1...1_000_000, default: 256)
        precision = top.choice("precision", default: .fp32)
        device = top.choice("device", default: .auto)
        threads = top.integerOrAuto("threads", 1...1024)
        compression = top.choice("compression", default: .zstd)
        members = top.words("members", allowed: task.members, default: task.defaultMembers)
        if !members.contains("json") {
            top.reject("members", "leaves out `json`", "json carries the sample's parameters and is always kept")
        }
        gather = top.choice("gather", default: .shared)
        silence = top.choice("silence", default: .fail)
        invalidRows = top.choice("invalid_rows", default: .fail)
        inputHash = top.choice("input_hash", default: .full)
        top.finish()
        if !problems.all.isEmpty { throw .invalid(problems.all) }
    }

    /// Refuses tasks that this version reads but cannot run.
    /// - Throws: ``JobError/invalid(_:)`` that names the available ones.
    package func requireAvailable() throws(JobError) {
        var problems: [JobProblem] = []
        if !task.isAvailable {
            problems.append(
                JobProblem(
                    location: "job", key: "task",
                    found: "is `\(task.rawValue)`, which is not available yet in this version",
                    allowed: "it can be \(JobTask.availableNames)"))
        }
        if gather == .mpi {
            problems.append(
                JobProblem(
                    location: "job", key: "gather", found: "is `mpi`, which is not available yet in this version",
                    allowed: "it can be shared: ranks and coordinator see one file system"))
        }
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    private static func sampling(_ section: JobSection, _ defaults: PresetDefaults) -> Sampling {
        let sampling = Sampling(
            steps: section.integer("steps", 1...1000, default: defaults.steps),
            cfgScale: section.perModality("cfg_scale", .init(lower: 0, upper: 100), default: defaults.cfgScale),
            duration: section.duration("duration", default: defaults.duration),
            maxDuration: section.number(
                "max_duration", .init(lower: 0, upper: 3600, open: true), default: defaults.maxDuration),
            eta: section.number("eta", .init(lower: 0, upper: 1), default: 0))
        section.finish()
        return sampling
    }

    private static func guidance(_ top: JobSection, _ defaults: PresetDefaults) -> Guidance {
        if case .scalar(let word, _) = top.node("guidance")?.content {
            if word != "off" { top.reject("guidance", "is `\(word)`", "it must be off or a mapping of settings") }
            return .off
        }
        let section = top.section("guidance")
        let fallback = defaults.aligner
        var window = fallback.window
        if section.has("start"), section.has("below") {
            section.reject("below", "stands beside `start`", "give one of them: both say which steps are guided")
        }
        let start = section.number("start", .init(lower: 0, upper: 1), default: 0.2)
        let below = section.integer("below", 0...1000, default: 800)
        if section.has("start") {
            window = .start(start)
        } else if section.has("below") {
            window = .below(below)
        }
        let rate = JobSection.NumberRange(lower: 0, upper: 1000)
        let aligner = Guidance.Aligner(
            optimizer: section.choice("optimizer", default: fallback.optimizer),
            learningRate: section.perModality("learning_rate", rate, default: fallback.learningRate),
            promptLearningRate: section.number("prompt_learning_rate", rate, default: fallback.promptLearningRate),
            innerSteps: section.integer("inner_steps", 1...100, default: fallback.innerSteps),
            window: window,
            every: section.integer("every", 1...1000, default: fallback.every),
            x0Pairing: section.choice("x0_pairing", default: fallback.x0Pairing),
            textTerm: section.bool("text_term", default: fallback.textTerm))
        section.finish()
        return .aligner(aligner)
    }

    private static func binder(_ section: JobSection) -> Binder {
        let binder = Binder(
            clipDuration: section.integer("clip_duration", 1...60, of: "seconds", default: 1),
            clipsPerVideo: section.integerOrAuto("clips_per_video", 1...1000),
            framesPerClip: section.integer("frames_per_clip", 1...2, default: 2),
            targetLength: section.integer("target_length", 1...10_000, default: 204),
            audioMean: section.number("audio_mean", .init(lower: -100, upper: 100), default: -4.268),
            audioStd: section.number("audio_std", .init(lower: 0, upper: 100, open: true), default: 9.138))
        section.finish()
        return binder
    }

    private static func absolute(_ path: String, _ folder: URL) -> String {
        path.isEmpty ? "" : URL(filePath: path, relativeTo: folder).standardizedFileURL.path
    }

    private static func model(_ text: String, _ folder: URL) -> String {
        let path = absolute(text, folder)
        let isPath = text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../")
        return isPath || FileManager.default.fileExists(atPath: path) ? path : text
    }
}
