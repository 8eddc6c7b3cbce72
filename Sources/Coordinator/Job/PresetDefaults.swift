/// What a preset fills in, for one task.
///
/// Source: paper, "Implementation details" (steps, λ1); official V2A code (everything else of `official`); diffusers'
/// recipe for AnimateDiff (linear betas, timesteps from end to end). λ2 of the visual tasks is stated by neither and is
/// our choice.
struct PresetDefaults {
    let settings: TaskSettings
    let aligner: Guidance.Aligner

    init(task: JobTask, preset: Job.Preset) {
        var sampling = Job.Sampling(product: task.product)
        sampling.steps = task.makesPictures ? 25 : 30
        if task == .v2a { sampling.duration = .source }
        if task.makesVideo {
            sampling.betaSchedule.video = .linear
            sampling.timestepSpacing.video = .linspace
        }
        let optimizer = preset == .official ? Guidance.Optimizer.adam : .sgd
        aligner = Guidance.Aligner(
            optimizer: optimizer,
            learningRate: PerModality(audio: 0.1, video: 0.01),
            promptLearningRate: PerModality(audio: 0, video: task.makesPictures ? 0.01 : 0),
            promptOptimizer: optimizer,
            promptState: .fresh,
            innerSteps: 1,
            // The paper names K without a value. 800 of 1000 leaves the noisiest fifth unguided, as `official` does.
            window: preset == .official ? .start(0.2) : .below(800),
            every: 1,
            x0Pairing: preset == .official ? .official : .paper,
            textTerm: true)
        settings = TaskSettings(sampling: sampling, guidance: .aligner(aligner), members: task.defaultMembers)
    }
}
