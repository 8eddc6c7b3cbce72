/// The binder weighs captions: `w = softmax(cos(T_k, c) / temperature)` over those of a list and the sample's own, and the
/// prompt follows the weights.
package struct WordSettings: Sendable, Equatable, Codable {
    /// In units of a cosine, above 0.
    package var temperature: Double

    package init(temperature: Double) { self.temperature = temperature }
}

/// What of a video and its sound is made first.
package struct JointSettings: Sendable, Equatable, Codable {
    package enum Order: String, Codable, Sendable, CaseIterable {
        /// Both in lock step: eq. 16.
        case together
        /// The video from its caption, then the sound for that video: p(v|y) · p(a|v, y).
        case inTurn = "in_turn"
    }

    package var order: Order
    /// Before the video is made, its caption is replaced by one of the list, drawn with `softmax(cos(e_p, T_k) / definite)`: so
    /// that what the caption leaves open is decided, and the same for both. nil: the caption stays.
    package var definite: Double?

    package init(order: Order, definite: Double?) {
        self.order = order
        self.definite = definite
    }

    /// The paper's way.
    package static let together = JointSettings(order: .together, definite: nil)
}
