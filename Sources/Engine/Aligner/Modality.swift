/// What an embedding is of.
package enum Modality: String, Sendable, Hashable, CaseIterable {
    case vision, audio, text
}

/// One term of the loss: `F(a, b) = 1 − cos(a, b)`.
package struct AlignmentTerm: Sendable, Hashable {
    package let first: Modality
    package let second: Modality

    package init(_ first: Modality, _ second: Modality) {
        self.first = first
        self.second = second
    }

    package func involves(_ modality: Modality) -> Bool { first == modality || second == modality }
}
