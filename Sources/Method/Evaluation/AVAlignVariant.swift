/// Which program's AV-Align: their numbers are not comparable with each other.
package enum AVAlignVariant: String, Sendable, CaseIterable, Codable {
    /// *Seeing and Hearing*'s script, and TempoTokens' of 2023: several onsets may meet one peak, so it can exceed 1.
    case paper
    /// TempoTokens' script since 2025: one onset to a peak, and a peak needs a flow of 0.1 pixels.
    case tempotokens2025 = "tempotokens-2025"
    /// JavisBench's.
    case javis
    /// Sony's (SVG): of precision and recall.
    case svg
}
