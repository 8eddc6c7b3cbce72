internal import Goldens
package import Method

/// A run whose every stage the reference has traced: what it is, and the goldens of its samples.
package struct TraceCase: Sendable {
    package let name: String
    package let task: GenerationTask
    /// The traces of its samples, in the order of the batch.
    package let traces: [String]
    package let steps: Int
    /// nil: the plain pipeline.
    package let guidance: AlignerSettings?
    /// Of the frames, one for each sample; those of audio are in the traces.
    package let prompts: [String]
    package let negativePrompt: String
    /// Whether the loss has a text term.
    package let hasCaption: Bool
    package let memory: MemoryPolicy
    /// What the traces hold and this run computes otherwise.
    package let leftOut: Set<String>

    private init(
        _ name: String, _ task: GenerationTask, traces: [String]? = nil, steps: Int, _ guidance: AlignerSettings?,
        prompts: [String]? = nil, negativePrompt: String = "", hasCaption: Bool = true, memory: MemoryPolicy = .auto,
        leftOut: Set<String> = []
    ) {
        self.name = name
        self.task = task
        self.traces = traces ?? [name]
        self.steps = steps
        self.guidance = guidance
        self.prompts = prompts ?? [Self.rain]
        self.negativePrompt = negativePrompt
        self.hasCaption = hasCaption
        self.memory = memory
        self.leftOut = leftOut
    }

    /// Frames of the video; nil where none is made.
    package var frames: Int? { task == .a2v || task == .joint ? 8 : nil }

    /// Whether latents move by a fresh Adam, whose first step is one of signs.
    package var movesBySign: Bool { guidance?.optimizer == .adam }

    // MARK: - All of them

    /// Everything that is compared, the quickest first.
    package static let all = audio + frames + audioBatches + frameBatches

    /// One of each task, prompts tuned where frames are made: a first look.
    package static let few = all.filter {
        ["v2a_official", "i2a_nocaption", "a2v_tune_descent", "a2i_tune", "joint_tune"].contains($0.name)
            && $0.memory != .high
    }

    /// Audio alone.
    package static let audio: [TraceCase] = [
        TraceCase("v2a_official", .v2a, steps: 5, officialAudio),
        TraceCase("v2a_paper", .v2a, steps: 5, paperAudio),
        TraceCase("v2a_vanilla", .v2a, steps: 4, nil),
        TraceCase("i2a_official", .i2a, steps: 3, with(officialAudio) { $0.window = .start(0.5) }),
        TraceCase("i2a_nocaption", .i2a, steps: 3, with(paperAudio) { $0.window = .below(300) }, hasCaption: false),
        TraceCase(
            "v2a_tune", .v2a, steps: 3,
            with(officialAudio) {
                $0.window = .start(0.5)
                $0.promptLearningRates = [.audio: 0.01]
            }),
        TraceCase(
            "i2a_tune_twice", .i2a, steps: 3,
            with(paperAudio) {
                $0.window = .below(300)
                $0.promptLearningRates = [.audio: 1]
                $0.promptOptimizer = .sgd
                $0.innerSteps = 2
            }),
    ]

    /// Three samples at once.
    package static let audioBatches: [TraceCase] = [
        TraceCase(
            "batch of three", .v2a, traces: three("batch"), steps: 3, with(officialAudio) { $0.window = .start(0.5) }),
        TraceCase(
            "batch of three, plain descent", .v2a, traces: three("batch_paper"), steps: 3,
            with(paperAudio) { $0.window = .below(300) }),
        // The traces' last step is guided: without guidance it ends elsewhere.
        TraceCase(
            "batch of three, unguided", .v2a, traces: three("batch"), steps: 3, nil, leftOut: ["002.audio.z_out"]),
    ]

    /// Frames, with audio or without.
    package static let frames: [TraceCase] = [
        TraceCase("a2v_official", .a2v, steps: 4, officialFrames),
        TraceCase("a2v_official", .a2v, steps: 4, officialFrames, memory: .high),
        TraceCase("a2v_official", .a2v, steps: 4, officialFrames, memory: .low),
        TraceCase("a2v_paper", .a2v, steps: 4, paperFrames),
        TraceCase("a2v_vanilla", .a2v, steps: 3, nil),
        TraceCase("a2v_nocaption", .a2v, steps: 4, officialFrames, prompts: [""], hasCaption: false),
        TraceCase("a2v_tune", .a2v, steps: 4, with(tunedFrames) { $0.promptState = .persistent }),
        TraceCase("a2v_tune", .a2v, steps: 4, with(tunedFrames) { $0.promptState = .persistent }, memory: .high),
        TraceCase("a2v_tune", .a2v, steps: 4, with(tunedFrames) { $0.promptState = .persistent }, memory: .low),
        TraceCase(
            "a2v_tune_descent", .a2v, steps: 4,
            with(paperFrames) {
                $0.promptLearningRates = [.video: 100]
                $0.promptOptimizer = .sgd
            }, negativePrompt: "blurry, low quality"),
        TraceCase("a2i_official", .a2i, steps: 4, officialFrames),
        TraceCase("a2i_tune", .a2i, steps: 4, tunedFrames, memory: .low),
        TraceCase("joint_official", .joint, steps: 4, officialFrames),
        TraceCase("joint_tune", .joint, steps: 4, tunedFrames),
        TraceCase("joint_tune", .joint, steps: 4, tunedFrames, memory: .low),
        TraceCase("joint_vanilla", .joint, steps: 2, nil),
    ]

    /// Two videos at once, with their prompts tuned.
    package static let frameBatches: [TraceCase] = MemoryPolicy.allCases.map { memory in
        TraceCase(
            "batch of two videos", .a2v, traces: ["batch_a2v_0", "batch_a2v_1"], steps: 4, tunedFrames,
            prompts: [rain, "Waves crash; 3 gulls cry!"], memory: memory)
    }

    // MARK: - What they share

    private static let rain = "a dog barking in the rain"

    private static let officialAudio = AlignerSettings(learningRates: [.audio: 0.1])
    private static let paperAudio = AlignerSettings(
        learningRates: [.audio: 2], optimizer: .sgd, window: .below(500), pairing: .paper)

    private static let officialFrames = AlignerSettings(
        learningRates: [.video: 0.01, .audio: 0.1], window: .start(0.25), pairing: .official)
    private static let paperFrames = AlignerSettings(
        learningRates: [.video: 20], optimizer: .sgd, window: .start(0.25), pairing: .paper)
    private static let tunedFrames = with(officialFrames) {
        $0.promptLearningRates = [.video: 0.01, .audio: 0.01]
    }

    private static func three(_ name: String) -> [String] { (0..<3).map { "\(name)_\($0)" } }

    private static func with(_ settings: AlignerSettings, _ change: (inout AlignerSettings) -> Void) -> AlignerSettings
    {
        var settings = settings
        change(&settings)
        return settings
    }
}

extension TraceCase: CustomStringConvertible {
    package var description: String { memory == .auto ? name : "\(name), memory \(memory.rawValue)" }
}
