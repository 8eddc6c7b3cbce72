/// How a sample is made to agree with what steers it: with gradients, with words that the binder finds, by a choice among
/// several beginnings, or by none of these. The parts may be combined.
package struct Guidance: Sendable, Equatable {
    /// What moves latents on the way. Each case is an algorithm, with its settings.
    package enum Gradient: Sendable, Equatable {
        /// Nothing does.
        case off
        /// Gradient steps on the latent between the sampler's steps: Algorithm 1 of the paper.
        case aligner(AlignerSettings)
        /// A push of fixed size in the predicted noise.
        case noise(NoiseGuidanceSettings)
    }

    package var gradient: Gradient
    /// The binder weighs a list of captions, and the prompt follows; nil: the prompt is the sample's own caption.
    package var words: WordSettings?
    /// How many beginnings a sample has, and how they are chosen from.
    package var beginnings: BeginningSettings
    /// What of a video and its sound is made first.
    package var joint: JointSettings
    /// How the binder hears what is predicted on the way.
    package var hearing: Hearing

    package init(
        gradient: Gradient = .off, words: WordSettings? = nil, beginnings: BeginningSettings = .one,
        joint: JointSettings = .together, hearing: Hearing = .vocoder
    ) {
        self.gradient = gradient
        self.words = words
        self.beginnings = beginnings
        self.joint = joint
        self.hearing = hearing
    }

    /// The plain pipeline: the paper's "vanilla" baseline.
    package static let off = Guidance()

    /// The paper's method alone.
    package static func aligner(_ settings: AlignerSettings) -> Guidance { Guidance(gradient: .aligner(settings)) }

    /// Whether a list of captions is needed: for words, to draw a definite caption, or to tell whether a caption fits.
    package var readsList: Bool {
        if words != nil || joint.definite != nil { return true }
        guard case .noise(let noise) = gradient else { return false }
        return noise.weighsCaption
    }

    /// Whether the binder has a part in what is made, so that its score of the result is in the objective: it flatters.
    package var followsBinder: Bool {
        gradient != .off || words != nil || Modality.allCases.contains { beginnings.count(of: $0) > 1 }
    }

    /// The same with a gradient at every step, once: for measuring steps, which are then all alike.
    package var atEveryStep: Guidance {
        var guidance = self
        switch gradient {
        case .off: break
        case .aligner(var aligner):
            aligner.window = .below(.max)
            aligner.every = 1
            guidance.gradient = .aligner(aligner)
        case .noise(var noise):
            (noise.until, noise.travel) = (1, 1)
            guidance.gradient = .noise(noise)
        }
        return guidance
    }
}
