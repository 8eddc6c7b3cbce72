/// What is computed from features of two sets, or of one.
package enum Statistic: String, Sendable, CaseIterable, Codable {
    /// The Fréchet distance.
    case frechet
    /// The same, extrapolated to infinitely many samples.
    case frechetInfinity = "frechet-infinity"
    /// The Kullback-Leibler divergence of pairs, from logits; which variant, the style says.
    case kl
    /// The same of each class by itself, as `audioldm_eval` prints it beside.
    case klSigmoid = "kl-sigmoid"
    /// The Inception score of the generated side, from logits.
    case inception
    /// The unbiased discrepancy of the cubic kernel: KVD, KID.
    case kernel
    /// That of the square kernel without a constant, biased, a hundredfold: JEDi's.
    case jedi
    /// The kernel audio distance, by the reference's distances.
    case kad
    /// The same by the evaluated set's, as the program `kadtk` has it.
    case kadtk

    /// Whether it needs a classifier's logits, and not features.
    package var usesLogits: Bool { self == .kl || self == .klSigmoid || self == .inception }
    /// Whether samples are compared with those of the same name.
    package var isPaired: Bool { self == .kl || self == .klSigmoid }
    /// Whether there has to be a reference.
    package var needsReference: Bool { self != .inception }
}
