internal import Method
internal import Checkpoint
package import Torch

/// I3D of RGB frames, trained on Kinetics-400: the logits, of which FVD and KVD are made.
///
/// Source: pytorch-i3d `pytorch_i3d.py`, `InceptionI3d`, as LVDM and MM-Diffusion carry it; keys are those of
/// `i3d_pretrained_400.pt`. The norms' eps is PyTorch's 1e-5 there, which no file says.
package struct I3D: PublishedFeatureNetwork {
    /// The side of a frame.
    package static let side = 224
    /// With fewer, nothing is left to average.
    package static let minimumFrames = 9

    let sizes: Sizes
    private let conv1a: Unit3D
    private let conv2b: Unit3D
    private let conv2c: Unit3D
    private let mixed: [Mixed3D]
    private let logits: Conv3d

    init(_ sizes: Sizes, _ w: WeightScope) throws {
        self.sizes = sizes
        let first = sizes.convolutions
        conv1a = try Unit3D(w("Conv3d_1a_7x7"), 3, first[0], kernel: 7, stride: 2)
        conv2b = try Unit3D(w("Conv3d_2b_1x1"), first[0], first[1])
        conv2c = try Unit3D(w("Conv3d_2c_3x3"), first[1], first[2], kernel: 3)
        let inputs = [first[2]] + sizes.mixed.map(\.outputs)
        mixed = try Sizes.mixedNames.enumerated().map { index, name in
            try Mixed3D(w("Mixed_\(name)"), inputs[index], sizes.mixed[index])
        }
        logits = try Conv3d(
            w("logits.conv3d"), inputs[mixed.count], sizes.classes, SamePlaces([1, 1, 1], stride: [1, 1, 1]),
            bias: true)
    }

    /// Numbers of one clip.
    package var width: Int { sizes.classes }

    /// - Parameters:
    ///   - clips: `[B, 3, T, 224, 224]`, −1…1, at least 9 frames.
    ///   - trace: hears of every layer.
    /// - Returns: `[B, width]`, the mean over time.
    package func callAsFunction(_ clips: Tensor, trace: NetworkTrace = { _, _ in }) throws(TorchError) -> Tensor {
        func heard(_ name: String, _ x: Tensor) -> Tensor {
            trace(name, x)
            return x
        }
        let wide = MaxPool3D([1, 3, 3], stride: [1, 2, 2])
        var x = try heard("Conv3d_1a_7x7", conv1a(clips))
        x = try heard("MaxPool3d_2a_3x3", wide(x))
        x = try heard("Conv3d_2b_1x1", conv2b(x))
        x = try heard("Conv3d_2c_3x3", conv2c(x))
        x = try heard("MaxPool3d_3a_3x3", wide(x))
        for (name, block) in zip(Sizes.mixedNames, mixed) {
            if name == "4b" { x = try heard("MaxPool3d_4a_3x3", MaxPool3D([3, 3, 3], stride: [2, 2, 2])(x)) }
            if name == "5b" { x = try heard("MaxPool3d_5a_2x2", MaxPool3D([2, 2, 2], stride: [2, 2, 2])(x)) }
            x = try heard("Mixed_\(name)", block(x))
        }
        x = try heard("logits", logits(x.averagePool([2, 7, 7], stride: [1, 1, 1])))
        return try x.reshape([x.size(0), sizes.classes, -1]).mean([2])
    }

    struct Sizes: PublishedSizes {
        static let network = FeatureNetworkName.i3d
        static let signature = "Conv3d_1a_7x7.conv3d.weight"
        static let mixedNames = ["3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c"]
        private static let convolutionNames = ["Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3"]

        /// Of the convolutions before the mixed blocks.
        let convolutions: [Int]
        let mixed: [Mixed3D.Widths]
        let classes: Int

        init(_ shapes: CheckpointShapes) throws {
            func outputs(_ name: String) throws -> Int { try shapes.outputs("\(name).conv3d.weight", rank: 5) }
            convolutions = try Self.convolutionNames.map(outputs)
            mixed = try Self.mixedNames.map { name in
                func branch(_ branch: String) throws -> Int { try outputs("Mixed_\(name).\(branch)") }
                return try Mixed3D.Widths(
                    b0: branch("b0"), b1a: branch("b1a"), b1b: branch("b1b"), b2a: branch("b2a"), b2b: branch("b2b"),
                    b3b: branch("b3b"))
            }
            classes = try outputs("logits")
        }

        func unused(_ key: String) -> Bool { Self.passedOver.contains(key) }

        private static let passedOver = Set(
            (convolutionNames
                + mixedNames.flatMap { name in
                    ["b0", "b1a", "b1b", "b2a", "b2b", "b3b"].map { "Mixed_\(name).\($0)" }
                }).map { "\($0).bn.num_batches_tracked" })
    }
}
