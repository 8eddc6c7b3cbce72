/// What a denoiser was trained to predict, by diffusers' names.
package enum PredictionType: String, Sendable, CaseIterable {
    /// The noise `ε`.
    case epsilon
    /// The clean latent `z0`.
    case sample
    /// `v = √ᾱ ε − √(1 − ᾱ) z0` (Salimans and Ho 2022, appendix D).
    case velocity = "v_prediction"
}
