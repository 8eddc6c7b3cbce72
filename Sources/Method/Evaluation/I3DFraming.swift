/// How an evaluator brings frames to I3D's 224 × 224 pixels, all linearly with pixel centres at halves. For square frames the three
/// agree within 1e-6.
package enum I3DFraming: String, Sendable, CaseIterable, Codable {
    /// Squashed to a square.
    ///
    /// Source: LVDM and TATS, `fvd.py`, `preprocess`.
    case lvdm
    /// The short side to 224, the long one in proportion and rounded up, the middle cut out.
    ///
    /// Source: MM-Diffusion `evaluations/fvd/fvd.py`, `preprocess_single`. Its script shrinks frames to 64 × 64 before, which is
    /// no part of it here.
    case mmDiffusion = "mm-diffusion"
    /// The long side to 224, antialiased, the short one in proportion and rounded down, in the middle of black.
    ///
    /// Source: JavisBench `eval/javisbench/src/utils.py`, `ResizeAndPad`. That its data set then takes 0…1 for −1…1, and so hands on
    /// frames of 127…255, is no part of it here.
    case javis
}
