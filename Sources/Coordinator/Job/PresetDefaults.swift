/// What a preset fills in, for one task.
///
/// Source: paper, "Implementation details" (steps, λ1); official V2A code (everything else of `official`). λ2 of the
/// visual tasks is stated by neither and is our choice.
struct PresetDefaults {
    let steps: Int
    let cfgScale: PerModality
    let duration: OutputDuration
    let maxDuration: Double
    let aligner: Guidance.Aligner

    init(task: JobTask, preset: Job.Preset) {
        steps = task == .v2a || task == .i2a ? 30 : 25
        cfgScale = PerModality(audio: 2.5, video: 7.5)
        duration = task.inputKind == .video || task == .a2v ? .source : .seconds(10)
        maxDuration = 30
        aligner = Guidance.Aligner(
            optimizer: preset == .official ? .adam : .sgd,
            learningRate: PerModality(audio: 0.1, video: 0.01),
            promptLearningRate: task.makesPictures ? 0.01 : 0,
            innerSteps: 1,
            // The paper names K without a value. 800 of 1000 leaves the noisiest fifth unguided, as `official` does.
            window: preset == .official ? .start(0.2) : .below(800),
            every: 1,
            x0Pairing: preset == .official ? .official : .paper,
            textTerm: true)
    }
}
