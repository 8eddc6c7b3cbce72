/// How much a caption of a picture tells.
///
/// Source: the three tasks of Florence-2 for whole pictures, `<CAPTION>`, `<DETAILED_CAPTION>`, `<MORE_DETAILED_CAPTION>`.
package enum CaptionDetail: String, Codable, Sendable, CaseIterable {
    case brief, detailed, paragraph

    /// What the model is asked.
    package var prompt: String {
        switch self {
        case .brief: "What does the image describe?"
        case .detailed: "Describe in detail what is shown in the image."
        case .paragraph: "Describe with a paragraph what is shown in the image."
        }
    }
}
