package import Method

/// One term of the loss: `F(a, b) = 1 − cos(a, b)`.
package struct AlignmentTerm: Sendable, Hashable {
    package let first: Modality
    package let second: Modality

    package init(_ first: Modality, _ second: Modality) {
        self.first = first
        self.second = second
    }

    /// Whether one of its sides is of a modality.
    package func involves(_ modality: Modality) -> Bool { first == modality || second == modality }

    /// Every pair of modalities of which at least one is generated (eq. 14–16).
    package static func terms(generating generated: [Modality]) -> [AlignmentTerm] {
        let pairs = [AlignmentTerm(.video, .caption), AlignmentTerm(.video, .audio), AlignmentTerm(.audio, .caption)]
        return pairs.filter { pair in generated.contains { pair.involves($0) } }
    }
}
