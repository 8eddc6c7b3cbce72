internal import Engine
internal import Method
internal import Shard

extension SampleFindings {
    /// What the guides found of a result.
    init(_ result: GenerationResult, _ guidance: Guidance, _ task: GenerationTask) {
        let beginnings = guidance.beginnings
        // A video that was made first had beginnings of its own.
        let own = result.videoChoice == nil ? task.generated : [.audio]
        self.init(
            choice: Choice(result.choice, isOne: own.allSatisfy { beginnings.count(of: $0) == 1 }),
            videoChoice: result.videoChoice.map { Choice($0, isOne: beginnings.ofFirst.count(of: .video) == 1) },
            trust: result.trust.flatMap { $0.isFinite ? $0 : nil },
            words: result.words.filter { $0.weight.isFinite && $0.cosine.isFinite }.map {
                Word(text: $0.text, weight: $0.weight, cosine: $0.cosine)
            },
            definiteCaption: result.definiteCaption)
    }
}

extension SampleFindings.Choice {
    /// - Parameter isOne: whether there was a single beginning.
    fileprivate init(_ choice: GenerationResult.Choice, isOne: Bool) {
        self.init(
            score: choice.score, particle: isOne ? nil : choice.particle,
            cuts: choice.cuts.map { SampleFindings.Cut(step: $0.step, scores: $0.scores, kept: $0.kept) })
    }
}
