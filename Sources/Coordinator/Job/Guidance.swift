/// The latent aligner's settings, or none.
package enum Guidance: Sendable, Equatable {
    /// The plain pipeline: the paper's "vanilla" baseline.
    case off
    /// Gradient steps on the latent between the sampler's steps.
    case aligner(Aligner)

    /// How the aligner works; Algorithm 1 of the paper.
    package struct Aligner: Codable, Sendable, Equatable {
        /// What turns a gradient into a step.
        package var optimizer: Optimizer
        /// λ1: step size on the latent, per modality.
        package var learningRate: PerModality<Double>
        /// λ2: step size on the prompt embedding, per modality; 0 leaves it as it is.
        package var promptLearningRate: PerModality<Double>
        /// What turns a gradient of the prompt embedding into a step.
        package var promptOptimizer: Optimizer
        /// How long the prompt's optimizer remembers.
        package var promptState: PromptState
        /// N: gradient steps at each guided sampling step, at least 1.
        package var innerSteps: Int
        /// Which sampling steps are guided at all.
        package var window: Window
        /// Of those, each `every`-th, starting with the first.
        package var every: Int
        /// Which latent and which ᾱ form the clean latent z̃0.
        package var x0Pairing: X0Pairing
        /// Whether the loss has the term of the caption; without a caption it never has.
        package var textTerm: Bool
    }

    /// What turns a gradient into a step.
    package enum Optimizer: String, Codable, Sendable, CaseIterable {
        /// A fresh Adam at each sampling step, so that its first step is close to λ·sign(g). Source: official code.
        case adam
        /// Plain gradient descent, z ← z − λ g. Source: paper, eq. 13.
        case sgd
    }

    /// How long the prompt's optimizer remembers its moments.
    package enum PromptState: String, Codable, Sendable, CaseIterable {
        /// It begins anew at each sampling step, as that of the latent does.
        case fresh
        /// It goes on through the whole run: the embedding is one and the same.
        case persistent
    }

    /// Which latent and which ᾱ form the clean latent z̃0.
    package enum X0Pairing: String, Codable, Sendable, CaseIterable {
        /// The stepped latent with ᾱ of the step just done. Source: official code.
        case official
        /// The stepped latent with its own ᾱ. Source: paper, eq. 11.
        case paper
    }

    /// Which sampling steps are guided.
    package enum Window: Sendable, Equatable {
        /// Step i, from 0, of T is guided when i > floor(fraction · T).
        case start(Double)
        /// A step at training timestep t (999 … 0) is guided when t < K.
        case below(Int)

        /// The first guided step of `steps`, or `steps` where none is.
        ///
        /// For `below` the timesteps are those of leading spacing with offset 1, as the published AudioLDM schedulers
        /// have them: t_i = (T − 1 − i) · floor(1000 / T) + 1. Other spacings differ by a step or two, which an estimate
        /// of time bears.
        package func firstStep(of steps: Int) -> Int {
            switch self {
            case .start(let fraction): min(steps, Int((fraction * Double(steps)).rounded(.down)) + 1)
            case .below(let limit):
                (0..<steps).first { (steps - 1 - $0) * (1000 / steps) + 1 < limit } ?? steps
            }
        }
    }

    /// The number of guided steps among `steps` sampling steps.
    package func guidedSteps(of steps: Int) -> Int {
        guard case .aligner(let aligner) = self else { return 0 }
        let eligible = max(0, steps - aligner.window.firstStep(of: steps))
        return (eligible + aligner.every - 1) / aligner.every
    }
}

extension Guidance: Codable {
    /// Reads `"off"` or the aligner's settings.
    package init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let word = try? single.decode(String.self) {
            guard word == "off" else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "guidance is `\(word)`, not off")
            }
            self = .off
        } else {
            self = .aligner(try single.decode(Aligner.self))
        }
    }

    /// Writes `"off"` or the aligner's settings.
    package func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch self {
        case .off: try single.encode("off")
        case .aligner(let aligner): try single.encode(aligner)
        }
    }
}

extension Guidance.Aligner {
    private enum CodingKeys: String, CodingKey {
        case optimizer, every, start, below
        case learningRate = "learning_rate"
        case promptLearningRate = "prompt_learning_rate"
        case promptOptimizer = "prompt_optimizer"
        case promptState = "prompt_state"
        case innerSteps = "inner_steps"
        case x0Pairing = "x0_pairing"
        case textTerm = "text_term"
    }

    /// Reads the settings; `start` and `below` exclude each other.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        optimizer = try fields.decode(Guidance.Optimizer.self, forKey: .optimizer)
        learningRate = try fields.decode(PerModality<Double>.self, forKey: .learningRate)
        promptLearningRate = try fields.decode(PerModality<Double>.self, forKey: .promptLearningRate)
        promptOptimizer = try fields.decode(Guidance.Optimizer.self, forKey: .promptOptimizer)
        promptState = try fields.decode(Guidance.PromptState.self, forKey: .promptState)
        innerSteps = try fields.decode(Int.self, forKey: .innerSteps)
        if let limit = try fields.decodeIfPresent(Int.self, forKey: .below) {
            window = .below(limit)
        } else {
            window = .start(try fields.decode(Double.self, forKey: .start))
        }
        every = try fields.decode(Int.self, forKey: .every)
        x0Pairing = try fields.decode(Guidance.X0Pairing.self, forKey: .x0Pairing)
        textTerm = try fields.decode(Bool.self, forKey: .textTerm)
    }

    /// Writes the settings under the job file's keys.
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(optimizer, forKey: .optimizer)
        try fields.encode(learningRate, forKey: .learningRate)
        try fields.encode(promptLearningRate, forKey: .promptLearningRate)
        try fields.encode(promptOptimizer, forKey: .promptOptimizer)
        try fields.encode(promptState, forKey: .promptState)
        try fields.encode(innerSteps, forKey: .innerSteps)
        switch window {
        case .start(let fraction): try fields.encode(fraction, forKey: .start)
        case .below(let limit): try fields.encode(limit, forKey: .below)
        }
        try fields.encode(every, forKey: .every)
        try fields.encode(x0Pairing, forKey: .x0Pairing)
        try fields.encode(textTerm, forKey: .textTerm)
    }
}
