/// How the latent aligner moves latents and prompt embeddings; every number of Algorithm 1.
package struct AlignerSettings: Sendable, Equatable {
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

    /// Which ᾱ turns the stepped latent into the clean prediction z̃0.
    package enum X0Pairing: String, Codable, Sendable, CaseIterable {
        /// ᾱ and ε̂ of step t, although the latent is that of step t − 1. Source: official code.
        case official
        /// The stepped latent's own ᾱ: before any update the prediction is then DDIM's own. Source: paper, eq. 11.
        case paper
    }

    /// What a step size on the latent is in parts of.
    package enum LearningRateScale: String, Codable, Sendable, CaseIterable {
        /// λ1 as it is.
        case none
        /// The noise `√(1 − ᾱ)` of the stepped latent, which is 0 behind the last step. A fresh Adam's step is ±λ everywhere; in
        /// pixels and waveforms, which no decoder smooths, that would stay in the result as noise.
        case sigma
    }

    /// What turns a gradient of the latent into a step.
    package var optimizer: Optimizer
    /// λ1: step size on the latent (eq. 13).
    package var learningRate: PerModality<Double>
    /// What λ1 is in parts of.
    package var learningRateScale = LearningRateScale.none
    /// λ2: step size on the prompt embedding; 0 leaves it as it is (eq. 17).
    package var promptLearningRate: PerModality<Double>
    /// What turns a gradient of the prompt embedding into a step.
    package var promptOptimizer: Optimizer
    /// How long the prompt's optimizer remembers.
    package var promptState: PromptState
    /// N: gradient steps at each guided sampling step, at least 1 (Algorithm 1).
    package var innerSteps: Int
    /// Which sampling steps are guided at all.
    package var window: GuidanceWindow
    /// The fraction of the run after which no step is guided, 0…1: the steps before ⌈stop · T⌉ may be.
    package var stop = 1.0
    /// Of those, each `every`-th, starting with the first; at least 1.
    package var every: Int
    /// Which ᾱ forms the clean latent z̃0 (eq. 11).
    package var x0Pairing: X0Pairing
    /// Whether the loss has the term of the caption (eq. 14 and 15); without a caption it never has.
    package var textTerm: Bool

    package init(
        optimizer: Optimizer, learningRate: PerModality<Double>, promptLearningRate: PerModality<Double>,
        promptOptimizer: Optimizer, promptState: PromptState, innerSteps: Int, window: GuidanceWindow, every: Int,
        x0Pairing: X0Pairing, textTerm: Bool
    ) {
        self.optimizer = optimizer
        self.learningRate = learningRate
        self.promptLearningRate = promptLearningRate
        self.promptOptimizer = promptOptimizer
        self.promptState = promptState
        self.innerSteps = innerSteps
        self.window = window
        self.every = every
        self.x0Pairing = x0Pairing
        self.textTerm = textTerm
    }

    /// Whether each step of a run is guided.
    /// - Parameter timesteps: the run's training timesteps, the noisiest first.
    package func guidedSteps(timesteps: [Double]) -> [Bool] {
        var seen = 0
        return timesteps.enumerated().map { index, timestep in
            guard window.contains(step: index, of: timesteps.count, timestep: timestep),
                Double(index) < (Double(timesteps.count) * stop).rounded(.up)
            else { return false }
            defer { seen += 1 }
            return seen % max(every, 1) == 0
        }
    }
}

/// Which sampling steps are guided.
package enum GuidanceWindow: Sendable, Equatable {
    /// Step i, from 0, of T is guided when i > ⌊fraction · T⌋. Source: official code, with 0.2.
    case start(Double)
    /// A step at training timestep t, whole or not, is guided when t < K. Source: paper, Algorithm 1.
    case below(Int)

    /// The released code's window.
    package static let officialStart = GuidanceWindow.start(0.2)
    /// The paper names K without a value. 800 of 1000 leaves the noisiest fifth unguided, as ``officialStart`` does.
    package static let paperBelow = GuidanceWindow.below(800)

    /// Whether a step lies in the window.
    package func contains(step: Int, of steps: Int, timestep: Double) -> Bool {
        switch self {
        // In floating point, because a fraction without bounds has no integer.
        case .start(let fraction): Double(step) > (Double(steps) * fraction).rounded(.towardZero)
        case .below(let limit): timestep < Double(limit)
        }
    }
}
