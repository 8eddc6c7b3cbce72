/// Guidance in the predicted noise: `ε̂ ← ε̂ + w · g / rms(g)` with `g = ∇ L(z̃0)`, and some steps done over.
///
/// Source: Yu et al., FreeDoM (arXiv 2303.09833), for time travel and a size that does not depend on the gradient's; Dhariwal &
/// Nichol (arXiv 2105.05233), Algorithm 2, for the place of the push.
package struct NoiseGuidanceSettings: Sendable, Equatable, Codable {
    /// With respect to what the gradient is taken.
    package enum Path: String, Codable, Sendable, CaseIterable {
        /// The predicted clean latent: nothing goes backward through the denoiser.
        case clean
        /// The step's latent, through the denoiser.
        case denoiser
    }

    /// The loss's second term, on the sample's own caption.
    package enum TextTerm: String, Codable, Sendable, CaseIterable {
        case off, on
        /// Weighed by how well the caption fits what steers the sample, 0 … 1.
        case trust
    }

    /// w: root mean square of the push, in units of the noise.
    package var strength: Double
    /// Step i of T is guided while `i < until · T`.
    package var until: Double
    /// How often a guided step is done, from 1, while `i < travelUntil · T`.
    package var travel: Int
    package var travelUntil: Double
    package var through: Path
    package var textTerm: TextTerm
    /// A caption that fits less than this, of 1, conditions nothing: the prompt is empty. 0 follows every caption.
    package var trustBelow: Double

    package init(
        strength: Double, until: Double, travel: Int, travelUntil: Double, through: Path, textTerm: TextTerm,
        trustBelow: Double
    ) {
        self.strength = strength
        self.until = until
        self.travel = travel
        self.travelUntil = travelUntil
        self.through = through
        self.textTerm = textTerm
        self.trustBelow = trustBelow
    }

    private enum CodingKeys: String, CodingKey {
        case strength, until, travel, through
        case travelUntil = "travel_until"
        case textTerm = "text_term"
        case trustBelow = "trust_below"
    }

    /// A shorter list spreads too little to tell how well a caption fits: every caption is then taken to fit.
    package static let leastCaptions = 10

    /// Whether it matters how well the caption fits.
    package var weighsCaption: Bool { textTerm == .trust || trustBelow > 0 }

    /// Whether a step, from 0, is guided.
    package func guides(_ step: Int, of steps: Int) -> Bool { Double(step) < until * Double(steps) }

    /// How often a step is done.
    package func turns(at step: Int, of steps: Int) -> Int {
        guides(step, of: steps) && Double(step) < travelUntil * Double(steps) ? max(travel, 1) : 1
    }

    /// How many pushes a step gets.
    package func updates(at step: Int, of steps: Int) -> Int {
        guides(step, of: steps) ? turns(at: step, of: steps) : 0
    }
}
