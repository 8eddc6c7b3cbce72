internal import Method

/// A task's guidance as one reads it.
struct GuidanceWords {
    private let guidance: Guidance
    private let task: GenerationTask
    private let timesteps: [Double]
    private let labels: Int?

    /// - Parameters:
    ///   - steps: training timesteps of a run, the noisiest first.
    ///   - labels: entries of the job's list; nil where it has none.
    init(_ guidance: Guidance, _ task: GenerationTask, steps: [Double], labels: Int?) {
        self.guidance = guidance
        self.task = task
        timesteps = steps
        self.labels = labels
    }

    /// Each says one thing that is done.
    var parts: [String] {
        if guidance == .off { return ["the plain pipeline"] }
        var parts: [String] = []
        if task == .joint {
            parts.append(
                guidance.joint.order == .inTurn ? "the video, then the sound for it" : "video and sound together")
            if let temperature = guidance.joint.definite {
                parts.append("a definite caption out of \(list) (temperature \(Self.short(temperature)))")
            }
        }
        if let words = guidance.words {
            parts.append("words from \(list) (temperature \(Self.short(words.temperature)))")
        }
        let choices = task.generated.map { ($0 == .audio ? "sound" : "video", beginnings(of: $0)) }
        parts += Set(choices.map(\.1)).count > 1 ? choices.map { "\($0): \($1)" } : choices.prefix(1).map(\.1)
        parts.append(gradients)
        if task.makesAudio, !task.isCoupled, isHeard, guidance.hearing == .spectrogram {
            parts.append("heard past the vocoder")
        }
        return parts
    }

    private var list: String { labels.map { GuidanceSummary.many($0, "caption") } ?? "the list of captions" }

    /// Whether the binder hears anything on the way.
    private var isHeard: Bool {
        let work = GuidanceWork(guidance, .audio, timesteps: timesteps)
        return work.scored + work.updated > 0
    }

    private func beginnings(of modality: Modality) -> String {
        let settings = guidance.beginnings(of: modality, task)
        var left = settings.count(of: modality)
        guard left > 1 else { return "one beginning" }
        var text = "\(left) beginnings"
        for step in timesteps.indices {
            let next = settings.left(left, after: step, of: timesteps.count)
            if next < left { text += ", \(next) after step \(step)" }
            left = next
        }
        guard left > 1 else { return text }
        let kept =
            switch settings.keep {
            case .best: "the best of these"
            case .all: left > settings.best ? "the best \(settings.best) of these" : "all of these"
            }
        return "\(text), \(left) finished, \(kept) kept"
    }

    private var gradients: String {
        let steps = timesteps.count
        switch guidance.gradient {
        case .off: return "no gradients"
        case .aligner(let aligner):
            let guided = aligner.guidedSteps(timesteps: timesteps).count { $0 }
            return "the aligner (\(aligner.optimizer.rawValue), \(rates(aligner))), "
                + "\(GuidanceSummary.many(aligner.innerSteps, "gradient")) at each of \(guided) steps"
        case .noise(let noise):
            let guided = (0..<steps).count { noise.guides($0, of: steps) }
            let turned = (0..<steps).count { noise.turns(at: $0, of: steps) > 1 }
            var text = "no step is pushed"
            if guided > 0 {
                text = "pushes of \(Self.short(noise.strength)) in the noise at each of \(guided) steps"
                text += noise.through == .clean ? " by the predicted latent" : " through the denoiser"
                if turned > 0 {
                    text += ", \(turned == guided ? "each" : "\(turned) of them") done \(noise.travel) times"
                }
                switch noise.textTerm {
                case .off: break
                case .on: text += ", also towards the caption"
                case .trust: text += ", also towards the caption as far as it fits"
                }
            }
            if noise.trustBelow > 0 {
                text += ", a caption that fits less than \(Self.short(noise.trustBelow)) is not followed"
            }
            return text
        }
    }

    private func rates(_ aligner: AlignerSettings) -> String {
        func text(_ rates: PerModality<Double>) -> String {
            task.generated.compactMap { rates[$0].map(Self.short) }.joined(separator: " and ")
        }
        let scale = aligner.learningRateScale == .sigma ? " of the noise" : ""
        return "rate \(text(aligner.learningRate))\(scale), of the prompt \(text(aligner.promptLearningRate))"
    }

    private static func short(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? "\(number)" }
}
