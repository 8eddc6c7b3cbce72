package import Torch

/// Whisper, which was trained to tell what people say, and further to tell what sounds.
///
/// Source: transformers `models/whisper/modeling_whisper.py`; keys are its state dict's without `model.`.
package struct Whisper: Sendable {
    package let configuration: WhisperConfiguration
    package let decoder: SequenceDecoder
    private let first: Conv1d
    private let second: Conv1d
    private let positions: Tensor
    private let layers: [SequenceEncoderLayer]
    private let norm: LayerNorm

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: WhisperConfiguration, _ w: WeightScope) throws {
        configuration = c
        func layer(_ heads: Int, _ feedForward: Int) -> SequenceLayerSizes {
            SequenceLayerSizes(width: c.width, heads: heads, feedForward: feedForward, norm: .before, keyBias: false)
        }
        let encoder = w("encoder")
        first = try Conv1d(encoder("conv1"), c.bins, c.width, kernel: 3, padding: 1)
        second = try Conv1d(encoder("conv2"), c.width, c.width, kernel: 3, stride: 2, padding: 1)
        positions = try encoder("embed_positions").tensor("weight", [c.sourcePositions, c.width])
        layers = try (0..<c.encoderLayers).map {
            try SequenceEncoderLayer(encoder("layers")($0), layer(c.encoderHeads, c.encoderFeedForward))
        }
        norm = try LayerNorm(encoder("layer_norm"), c.width)
        decoder = try SequenceDecoder(
            w("decoder"),
            SequenceDecoder.Sizes(
                vocabulary: c.vocabulary, layers: c.decoderLayers, layer: layer(c.decoderHeads, c.decoderFeedForward),
                positions: c.targetPositions, positionOffset: 0,
                scale: c.scalesEmbeddings ? Double(c.width).squareRoot() : 1, normalizesFirst: false,
                normalizesLast: true),
            table: w("decoder.embed_tokens").tensor("weight", [c.vocabulary, c.width]), bias: nil)
    }

    /// - Parameter mel: `[1, bins, 2 · places]`, of ``WhisperSpectrogram``.
    /// - Returns: `[1, places, width]`.
    package func encode(_ mel: Tensor) throws(TorchError) -> Tensor {
        var x = try first(mel.unsqueeze(2)).gelu()
        x = try second(x).gelu().squeeze(2).transpose(1, 2)
        guard x.size(1) == positions.size(0) else {
            throw .refused(
                operation: "Whisper",
                message: "a spectrogram of \(mel.shape), and its frames come to \(positions.size(0)) places")
        }
        x = try x + positions
        for layer in layers { x = try layer(x) }
        return try norm(x)
    }

    /// The name by which the network asks for a key.
    package static func networkName(_ key: String) -> String {
        key.hasPrefix("model.") ? String(key.dropFirst("model.".count)) : key
    }

    /// The table of logits, which is tied to that of the tokens.
    package static func unused(_ name: String) -> Bool { name == "proj_out.weight" }
}
