/// How the aligner moves a latent. Every number of the method is one of these fields.
package struct GuidanceOptions: Sendable, Equatable {
    /// The rule of an update.
    package enum Optimizer: String, Sendable {
        /// Adam, fresh at each timestep: its first step is close to `λ · sign(gradient)` (the released code).
        case adam
        /// `z − λ · gradient` (paper, eq. 13).
        case gradientDescent = "sgd"
    }

    /// How long the rule of a prompt embedding remembers.
    package enum PromptState: String, Sendable {
        /// For one step, as that of the latent.
        case fresh
        /// Through the run, as the embedding itself is carried on.
        case persistent
    }

    /// Which steps of a run are guided.
    package enum Window: Sendable, Equatable {
        /// Steps with index above `⌊fraction · steps⌋` (the released code: 0.2).
        case afterFraction(Double)
        /// Steps whose timestep, whole or not, lies below a number (paper, Algorithm 1).
        case belowTimestep(Int)
    }

    /// Which `ᾱ` turns the stepped latent into a clean prediction.
    package enum CleanPairing: String, Sendable {
        /// `ᾱ` and `ε̂` of step t, although the latent is that of step t − 1 (the released code).
        case official
        /// The stepped latent's own `ᾱ`: before any update the prediction is then DDIM's own (Algorithm 1).
        case paper
    }

    /// λ1 of each generated modality.
    package var learningRates: [Modality: Double]
    /// λ2 of each generated modality; none or 0 leaves its prompt embedding as it is (eq. 17).
    package var promptLearningRates: [Modality: Double]
    package var optimizer: Optimizer
    /// The rule by which prompt embeddings move.
    package var promptOptimizer: Optimizer
    package var promptState: PromptState
    package var window: Window
    package var pairing: CleanPairing
    /// N, the updates of one guided step; at least 1.
    package var innerSteps: Int
    /// Only every so many-th step of the window is guided; at least 1.
    package var every: Int

    package init(
        learningRates: [Modality: Double], promptLearningRates: [Modality: Double] = [:],
        optimizer: Optimizer = .adam, promptOptimizer: Optimizer = .adam, promptState: PromptState = .fresh,
        window: Window = .afterFraction(0.2), pairing: CleanPairing = .official, innerSteps: Int = 1, every: Int = 1
    ) {
        self.learningRates = learningRates
        self.promptLearningRates = promptLearningRates
        self.optimizer = optimizer
        self.promptOptimizer = promptOptimizer
        self.promptState = promptState
        self.window = window
        self.pairing = pairing
        self.innerSteps = max(innerSteps, 1)
        self.every = max(every, 1)
    }

    /// Whether a modality's prompt embedding is tuned.
    func tunes(_ modality: Modality) -> Bool { promptLearningRates[modality] ?? 0 > 0 }

    /// Whether each step of a run is guided.
    package func guidedSteps(timesteps: [Double]) -> [Bool] {
        var seen = 0
        return timesteps.enumerated().map { index, timestep in
            let inside =
                switch window {
                // In floating point, because a fraction without bounds has no integer.
                case .afterFraction(let fraction):
                    Double(index) > (Double(timesteps.count) * fraction).rounded(.towardZero)
                case .belowTimestep(let limit): timestep < Double(limit)
                }
            guard inside else { return false }
            defer { seen += 1 }
            return seen % every == 0
        }
    }
}
