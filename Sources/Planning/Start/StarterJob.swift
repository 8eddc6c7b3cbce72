internal import JSON
package import Method

/// A manifest and a job file to begin with, to be read and edited.
package struct StarterJob: Sendable, Equatable {
    package static let manifestName = "samples.jsonl"
    package static let jobName = "job.yaml"

    /// The tasks of its rows, the commonest first.
    package let tasks: [GenerationTask]
    package let rows: Int
    /// Of `samples.jsonl`.
    package let manifest: [UInt8]
    /// Of `job.yaml`.
    package let job: String

    /// - Parameters:
    ///   - inputs: at least one.
    ///   - task: nil: by kind, `v2a` of videos, `i2a` of images, `a2v` of sounds, `joint` of prompts.
    ///   - folder: where both files will lie: media below it are named from there.
    ///   - labels: a list of captions, for the preset `search`; nil: the paper's aligner, which needs none.
    /// - Throws: ``StarterError/unfit(_:needs:)``.
    package init(
        _ inputs: StarterInputs, task: GenerationTask?, folder: String, labels: String?
    ) throws(StarterError) {
        var lines: [UInt8] = []
        var counts: [GenerationTask: Int] = [:]
        var keys: Set<String> = []
        func write(_ stem: String, _ task: GenerationTask, _ fields: [(String, String)]) {
            var (key, number) = (stem, 2)
            while !keys.insert(key).inserted { (key, number) = ("\(stem)-\(number)", number + 1) }
            var writer = JSONWriter()
            writer.begin()
            writer.field("id", key)
            writer.field("task", task.rawValue)
            for (name, value) in fields { writer.field(name, value) }
            writer.end()
            writer.newline()
            lines += writer.bytes
            counts[task, default: 0] += 1
        }
        let root = folder.hasSuffix("/") ? folder : folder + "/"
        for (number, input) in inputs.media.enumerated() {
            guard let (task, column) = Self.use(of: input.kind, for: task) else { continue }
            let path = input.path.hasPrefix(root) ? String(input.path.dropFirst(root.count)) : input.path
            write(ManifestKey.derived(path: input.path, row: number + 1), task, [(column.rawValue, path)])
        }
        if task ?? .joint == .joint {
            for (number, prompt) in inputs.prompts.enumerated() {
                write(ManifestKey.derived(path: nil, row: number + 1), .joint, [("prompt", prompt)])
            }
        }
        guard !counts.isEmpty else {
            let needs = task?.inputKinds.map(\.rawValue).joined(separator: " or ") ?? ""
            throw .unfit(
                task ?? .joint, needs: needs.isEmpty ? "prompts, one a line of a .txt file" : "a file with \(needs)")
        }
        tasks = counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map(\.key)
        rows = counts.values.reduce(0, +)
        manifest = lines
        job = Self.text(tasks, labels: labels)
    }

    /// What becomes of a file of this kind, and the column that names it; nil where the task has no use for it.
    private static func use(of kind: InputKind, for task: GenerationTask?) -> (GenerationTask, ManifestColumn)? {
        let usual: GenerationTask =
            switch kind {
            case .video: .v2a
            case .image: .i2a
            case .audio: .a2v
            }
        let task = task ?? usual
        // The sound of a video is as good as a sound.
        let kind = kind == .video && task.inputKinds == [.audio] ? .audio : kind
        guard task.inputKinds.contains(kind) else { return nil }
        switch kind {
        case .video: return (task, .video)
        case .image: return (task, .image)
        case .audio: return (task, .audio)
        }
    }

    // MARK: The job file

    /// A model that is usual, and what it is for.
    private static let models: [(family: ModelFamily, reference: String, purpose: String)] = [
        (.audioLDM, "cvssp/audioldm-m-full", "makes sounds"),
        (.stableDiffusion, "stable-diffusion-v1-5/stable-diffusion-v1-5", "makes images, and the frames of videos"),
        (.animateDiff, "guoyww/animatediff-motion-adapter-v1-5-2", "makes frames into videos"),
        (.imageBind, "checkpoints/imagebind_huge.pth", "says how well things go together"),
    ]

    private static func text(_ tasks: [GenerationTask], labels: String?) -> String {
        let needed = Set(tasks.flatMap(\.models))
        let named = models.filter { needed.contains($0.family) }
        let width = named.map { $0.family.rawValue.count + $0.reference.count }.max() ?? 0
        let models = named.map { family, reference, purpose in
            let gap = String(repeating: " ", count: width - family.rawValue.count - reference.count + 2)
            return "  \(family.rawValue): \(reference)\(gap)# \(purpose)"
        }
        let makesFrames = tasks.contains(where: \.makesFrames)
        let sampling =
            makesFrames ? "sampling: {frames: 16, fps: 8, width: 512, height: 512}" : "sampling: {max_duration: 30}"
        let guide =
            labels.map {
                "preset: search     # finds the words in `labels`, and chooses among several beginnings\nlabels: \($0)"
            }
                ?? """
                preset: official   # the paper's aligner. `search` is better, and needs a list of captions that may be needed:
                # preset: search
                # labels: captions.txt
                """
        return """
            # What is made of the rows of \(manifestName). `seehear plan \(jobName) --dry-run` checks all of it and writes nothing;
            # docs/jobs.md says every setting.
            task: \(tasks[0].rawValue)          # of rows that name none
            manifest: \(manifestName)   # one JSON object a line; "prompt" says what is to be seen or heard, "seed" fixes the noise

            models:             # folders or files, or names of the Hugging Face hub that are in its cache on this machine
            \(models.joined(separator: "\n"))

            \(guide)
            \(sampling)
            batch: 8            # samples that are computed together

            """
    }
}
