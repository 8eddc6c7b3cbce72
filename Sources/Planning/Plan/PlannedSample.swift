internal import Files
package import Method

/// One sample of a plan: what is generated, from what, with which seed, and where it is published.
package struct PlannedSample: PlanRow, Equatable {
    /// The place in the plan, from 0, which is the manifest's order.
    package var index: Int
    /// The name in the shard, unique in the plan.
    package var key: String
    package var task: GenerationTask
    /// The caption; nil: none, and then the loss has no text term.
    package var prompt: String?
    /// The negative prompt, possibly empty.
    package var negativePrompt: String
    /// The file that steers the sample.
    package var input: PlannedInput?
    /// 0 … 2^63 − 1.
    package var seed: UInt64
    /// The seed of the audio, where a video has its own generator; nil: `seed`, as runs have it that were planned before
    /// there were two.
    package var audioSeed: UInt64?
    /// The output's length in seconds, of a video its frames over their rate; 0 for images and for rows that failed.
    package var duration: Double
    /// Frames that are made; nil where only audio is made, and for rows that failed.
    package var frames: Int?
    /// The number of the sample's batch.
    package var batch: Int
    /// The number of the sample's shard.
    package var shard: Int
    /// Why the sample cannot be made; it becomes a failed sample of the run.
    package var error: PlannedError?

    package init(
        index: Int, key: String, task: GenerationTask, prompt: String?, negativePrompt: String, input: PlannedInput?,
        seed: UInt64, audioSeed: UInt64? = nil, duration: Double, frames: Int? = nil, batch: Int = 0, shard: Int = 0,
        error: PlannedError? = nil
    ) {
        self.index = index
        self.key = key
        self.task = task
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.input = input
        self.seed = seed
        self.audioSeed = audioSeed
        self.duration = duration
        self.frames = frames
        self.batch = batch
        self.shard = shard
        self.error = error
    }

    package var listed: ListedRow { ListedRow(task: task.rawValue, seed: seed, prompt: prompt) }

    package func fields(otherThanIn row: any PlanRow) -> [String] {
        guard let row = row as? PlannedSample else { return ["kind"] }
        func exact(_ text: String?) -> ExactText? { text.map(ExactText.init) }
        let fields: [(String, Bool)] = [
            ("key", exact(key) != exact(row.key)), ("task", task != row.task),
            ("prompt", exact(prompt) != exact(row.prompt)),
            ("negative_prompt", exact(negativePrompt) != exact(row.negativePrompt)),
            ("input", input != row.input || exact(input?.path) != exact(row.input?.path)),
            ("seed", seed != row.seed), ("audio_seed", audioSeed != row.audioSeed),
            ("duration", duration != row.duration), ("frames", frames != row.frames),
            ("error", error != row.error), ("batch", batch != row.batch || shard != row.shard),
        ]
        return fields.filter(\.1).map(\.0)
    }

    /// How long the sample is.
    package var extent: SampleExtent { SampleExtent(duration: duration, frames: frames) }
}

/// The file that steers a sample, with what identifies it.
package struct PlannedInput: Sendable, Equatable {
    package var kind: InputKind
    /// The absolute path.
    package var path: String
    /// Where the window that is read begins, in seconds from the clip's first frame, or the audio's first sample; nil
    /// for images.
    package var start: Double?
    /// The window's length in seconds, never past the end that the file's headers tell; nil for images.
    package var duration: Double?
    /// The file's length.
    package var bytes: Int64
    /// SHA-256 of the file, lower-case hexadecimal, with `input_hash: full`.
    package var sha256: String?
    /// The modification time in nanoseconds since 1970, with `input_hash: stat`.
    package var modified: Int64?

    package init(
        kind: InputKind, path: String, start: Double? = nil, duration: Double? = nil, bytes: Int64,
        sha256: String? = nil, modified: Int64? = nil
    ) {
        self.kind = kind
        self.path = path
        self.start = start
        self.duration = duration
        self.bytes = bytes
        self.sha256 = sha256
        self.modified = modified
    }
}

/// Why a sample of the plan cannot be made.
package struct PlannedError: Sendable, Equatable {
    /// The kind, as ``RowProblem/Kind`` spells it.
    package var kind: String
    /// One sentence.
    package var message: String

    package init(kind: String, message: String) {
        self.kind = kind
        self.message = message
    }
}
