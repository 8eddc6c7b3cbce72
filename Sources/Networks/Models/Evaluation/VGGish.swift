internal import Method
internal import Checkpoint
package import Torch

/// VGGish without its PCA and its last ReLU: 128 numbers of a patch of 0.96 s.
///
/// Source: torchvggish, `vggish.py`; keys are those of `vggish-10086976.pth`.
package struct VGGish: PublishedFeatureNetwork {
    /// Frames of a patch, and the mel bins of each.
    package static let patch = (frames: 96, bins: 64)
    /// Where a patch is once it is pooled four times.
    private static let places = (patch.frames / 16) * (patch.bins / 16)

    let sizes: Sizes
    private let convolutions: [Conv2d]
    private let layers: [Linear]

    init(_ sizes: Sizes, _ w: WeightScope) throws {
        self.sizes = sizes
        convolutions = try Sizes.places.enumerated().map { index, place in
            try Conv2d(
                w("features")(place), index == 0 ? 1 : sizes.channels[index - 1], sizes.channels[index], kernel: 3,
                padding: 1)
        }
        let widths = [sizes.channels[5] * Self.places] + sizes.layers
        layers = try [0, 2, 4].enumerated().map { index, place in
            try Linear(w("embeddings")(place), widths[index], widths[index + 1])
        }
    }

    /// Numbers of one patch.
    package var width: Int { sizes.layers[2] }

    /// - Parameters:
    ///   - patches: `[N, 1, 96, 64]`, logarithms of mel magnitudes.
    ///   - trace: hears of every layer.
    /// - Returns: `[N, width]`.
    package func callAsFunction(_ patches: Tensor, trace: NetworkTrace = { _, _ in }) throws(TorchError) -> Tensor {
        var x = patches
        for (index, place) in Sizes.places.enumerated() {
            x = try convolutions[index](x).arrangedAsMap()
            trace("features.\(place)", x)
            x = try x.relu()
            trace("features.\(place + 1)", x)
            guard Sizes.pooled.contains(place) else { continue }
            x = try x.maxPool([2, 2], stride: [2, 2], padding: [0, 0])
            trace("features.\(place + 2)", x)
        }
        // In the order height, width, channels.
        x = try x.permute([0, 2, 3, 1]).reshape([x.size(0), -1])
        for (index, layer) in layers.enumerated() {
            x = try layer(x)
            trace("embeddings.\(2 * index)", x)
            guard index + 1 < layers.count else { break }
            x = try x.relu()
            trace("embeddings.\(2 * index + 1)", x)
        }
        return x
    }

    struct Sizes: PublishedSizes {
        static let network = FeatureNetworkName.vggish
        static let signature = "embeddings.0.weight"
        /// The convolutions' numbers among `features`.
        static let places = [0, 3, 6, 8, 11, 13]
        /// Those that a pooling follows.
        static let pooled: Set = [0, 3, 8, 13]

        /// Of each convolution.
        let channels: [Int]
        /// What each linear layer puts out.
        let layers: [Int]

        init(_ shapes: CheckpointShapes) throws {
            channels = try Self.places.map { try shapes.outputs("features.\($0).weight", rank: 4) }
            layers = try [0, 2, 4].map { try shapes.outputs("embeddings.\($0).weight", rank: 2) }
        }

        func unused(_ key: String) -> Bool { false }
    }
}
