internal import Method
internal import Checkpoint
package import Torch

/// CNN14 for sound at 16 kHz, of PANNs: features of a whole sound, and what AudioSet's classes make of them.
///
/// Source: audioset_tagging_cnn `pytorch/models.py`, `Cnn14_16k`; keys are those of `Cnn14_16k_mAP=0.438.pth`. The windowed Fourier
/// transform that the file holds as convolutions is not read.
package struct CNN14: PublishedFeatureNetwork {
    /// Mel bins of a frame.
    package static let bins = 64
    /// Samples of one window: the spectrum has half as many lines, and one.
    package static let transformLength = 512
    private static let lines = transformLength / 2 + 1

    let sizes: Sizes
    private let melWeights: Tensor
    private let norm: BatchNorm
    private let blocks: [Block]
    private let embed: Linear
    private let classify: Linear

    init(_ sizes: Sizes, _ w: WeightScope) throws {
        self.sizes = sizes
        melWeights = try w("logmel_extractor").tensor("melW", [Self.lines, Self.bins])
        norm = try BatchNorm(w("bn0"), Self.bins)
        blocks = try sizes.channels.indices.map { index in
            try Block(
                w("conv_block\(index + 1)"), index == 0 ? 1 : sizes.channels[index - 1], sizes.channels[index])
        }
        embed = try Linear(w("fc1"), sizes.channels[5], sizes.width)
        classify = try Linear(w("fc_audioset"), sizes.width, sizes.classes)
    }

    /// Numbers of one sound.
    package var width: Int { sizes.width }
    /// Logits of one sound.
    package var classes: Int { sizes.classes }

    /// Decibels of the mel bins that the file defines.
    ///
    /// - Parameter power: `[B, frames, 257]`, double or single precision.
    /// - Returns: `[B, frames, 64]`, of the same precision.
    package func logMel(_ power: Tensor) throws(TorchError) -> Tensor {
        let mel = try power.matmul(melWeights.to(power.dtype, device: power.device))
        return try mel.clamped(1e-10).log() * (10 / 2.302585092994046)
    }

    /// - Parameters:
    ///   - logMel: `[B, frames, 64]` in decibels, at least 32 frames.
    ///   - trace: hears of every layer.
    /// - Returns: features `[B, width]` and logits `[B, classes]`.
    package func callAsFunction(
        _ logMel: Tensor, trace: NetworkTrace = { _, _ in }
    ) throws(TorchError) -> (features: Tensor, logits: Tensor) {
        // The bins are the channels of this norm.
        var x = try norm(logMel.transpose(1, 2)).transpose(1, 2).unsqueeze(1)
        trace("bn0", x)
        for (index, block) in blocks.enumerated() {
            x = try block(x)
            if index + 1 < blocks.count { x = try x.averagePool([2, 2], stride: [2, 2]) }
            trace("conv_block\(index + 1)", x)
        }
        x = try x.mean([3])
        x = try x.maximum(2) + x.mean([2])
        trace("pooled", x)
        let features = try embed(x).relu()
        trace("embedding", features)
        let logits = try classify(features)
        trace("logits", logits)
        return (features, logits)
    }

    /// Two convolutions, each with its norm.
    private struct Block: Sendable {
        let conv1: Conv2d
        let norm1: BatchNorm
        let conv2: Conv2d
        let norm2: BatchNorm

        init(_ w: WeightScope, _ inputs: Int, _ outputs: Int) throws {
            conv1 = try Conv2d(w("conv1"), inputs, outputs, kernel: 3, padding: 1, bias: false)
            norm1 = try BatchNorm(w("bn1"), outputs)
            conv2 = try Conv2d(w("conv2"), outputs, outputs, kernel: 3, padding: 1, bias: false)
            norm2 = try BatchNorm(w("bn2"), outputs)
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            try norm2.relu(conv2(norm1.relu(conv1(x).arrangedAsMap())))
        }
    }

    struct Sizes: PublishedSizes {
        static let network = FeatureNetworkName.cnn14
        static let signature = "conv_block6.conv2.weight"

        /// Of each block.
        let channels: [Int]
        let width: Int
        let classes: Int

        init(_ shapes: CheckpointShapes) throws {
            let key = "logmel_extractor.melW"
            if let shape = shapes[key], shape != [CNN14.lines, CNN14.bins] {
                throw shapes.error(
                    key, shape,
                    "[\(CNN14.lines), \(CNN14.bins)], as its file for 16 kHz has it; those for 8 and 32 kHz are other networks"
                )
            }
            channels = try (1...6).map { try shapes.outputs("conv_block\($0).conv2.weight", rank: 4) }
            width = try shapes.outputs("fc1.weight", rank: 2)
            classes = try shapes.outputs("fc_audioset.weight", rank: 2)
        }

        func unused(_ key: String) -> Bool { Self.passedOver.contains(key) }

        private static let passedOver = Set(
            ["real", "imag"].map { "spectrogram_extractor.stft.conv_\($0).weight" }
                + (["bn0"] + (1...6).flatMap { ["conv_block\($0).bn1", "conv_block\($0).bn2"] })
                .map { "\($0).num_batches_tracked" })
    }
}
