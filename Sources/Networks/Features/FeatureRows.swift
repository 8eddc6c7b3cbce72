/// What a network makes of one sample.
package struct FeatureRows: Sendable, Equatable {
    /// Rows of the network's width, one after the other; one for each patch of VGGish, else one.
    package let features: [Float]
    /// Logits of the whole sample; nil where the network has none.
    package let logits: [Float]?

    package init(features: [Float], logits: [Float]? = nil) {
        self.features = features
        self.logits = logits
    }
}
