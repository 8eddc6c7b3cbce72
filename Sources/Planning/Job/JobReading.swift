internal import Foundation
internal import Method
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
            top.reject("task", "is missing", "it must be one of \(GenerationTask.names)")
        }
        task = top.choice("task", default: .v2a)
        preset = top.choice("preset", default: .official)
        let manifest = top.requiredText("manifest", "the list of samples, a .jsonl, .csv or .txt file")
        self.manifest = Self.absolute(manifest, folder)
        manifestFormat = top.choice("manifest_format", default: .auto)
        root = top.text("root").map { Self.absolute($0, folder) }
        split = top.text("split")

        models = Self.models(top.section("models"), folder)
        tasks = Self.tasks(top, preset: preset)
        if tasks[task]?.members.isEmpty == true {
            top.reject(
                "members", "names nothing that task \(task.rawValue) makes",
                "name some of \(task.members.map(\.rawValue).joined(separator: ", "))")
        }
        clips = Self.clips(top.section("binder"))
        caption = top.choice("caption", default: .none)
        captioner = Self.captioner(top, preset, caption, folder)
        let rule = top.choice("keyframe", default: preset.keyFrames)
        // Absent where it is the usual one, so that a job without has the identity it always had.
        keyFrames = rule == .seehear ? nil : rule
        labels = top.text("labels").map { Self.absolute($0, folder) }
        negativePrompt = top.text("negative_prompt") ?? ""
        seed = top.seed("seed", default: 30)
        seedMode = top.choice("seed_mode", default: .hash)
        batch = top.integer("batch", 1...4096, default: 8)
        shard = top.integer("shard", 1...1_000_000, default: 256)
        precision = top.choice("precision", default: .fp32)
        memory = top.choice("memory", default: .auto)
        device = top.choice("device", default: .auto)
        tf32 = Self.cuda("tf32", top, device)
        graphs = Self.cuda("graphs", top, device)
        threads = top.integerOrAuto("threads", 1...1024)
        compression = top.choice("compression", default: .zstd)
        gather = top.choice("gather", default: .shared)
        silence = top.choice("silence", default: .fail)
        blank = top.choice("blank", default: .fail)
        invalidRows = top.choice("invalid_rows", default: .fail)
        inputHash = top.choice("input_hash", default: .full)
        if caption == .labels, labels == nil {
            top.reject("labels", "is missing", "caption: labels needs a text file with one label per line")
        } else if labels != nil, !top.has("caption"), !usesLabels {
            top.reject(
                "labels", "is set and nothing reads it",
                "set `caption: labels`, guidance that reads a list (words, definite, text_term: trust), or leave the file out"
            )
        }
        top.finish()
        if !problems.all.isEmpty { throw .invalid(problems.all) }
    }

    /// A switch of what CUDA alone has; nil for off, so that a job that does without has the identity it always had.
    private static func cuda(_ key: String, _ top: JobSection, _ device: Device) -> Switch? {
        guard top.choice(key, default: Switch.off) == .on else { return nil }
        if device == .cpu { top.reject(key, "is on with `device: cpu`", "only CUDA has it: leave it out") }
        return .on
    }

    private static func models(_ section: JobSection, _ folder: URL) -> ModelReferences {
        var models = ModelReferences([:], vocabulary: section.text("vocabulary").map { absolute($0, folder) })
        for family in ModelFamily.allCases {
            let key = family.rawValue
            if section.has(key) || family == .imageBind {
                models[family] = model(section.requiredText(key, family.reference), folder)
            } else {
                // Known, though not there.
                _ = section.node(key)
            }
        }
        return models
    }

    private static func clips(_ section: JobSection) -> ClipSettings {
        let trained = ClipSettings.imageBind
        return ClipSettings(
            clipDuration: section.integer("clip_duration", 1...60, of: "seconds", default: trained.clipDuration),
            clipsPerVideo: section.integerOrAuto("clips_per_video", 1...1000),
            framesPerClip: section.integer("frames_per_clip", 1...2, default: trained.framesPerClip),
            targetLength: section.integer("target_length", 1...10_000, default: trained.targetLength),
            audioMean: section.number("audio_mean", .init(lower: -100, upper: 100), default: trained.audioMean),
            audioStd: section.number(
                "audio_std", .init(lower: 0, upper: 100, open: true), default: trained.audioStd))
    }

    private static func absolute(_ path: String, _ folder: URL) -> String {
        path.isEmpty ? "" : URL(filePath: path, relativeTo: folder).standardizedFileURL.path
    }

    static func model(_ text: String, _ folder: URL) -> String {
        let path = absolute(text, folder)
        let isPath = text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../")
        return isPath || FileManager.default.fileExists(atPath: path) ? path : text
    }
}
