package import Torch

/// Florence-2: DaViT sees, BART reads what was seen and a prompt, and tells.
///
/// Source: transformers `models/florence2/modeling_florence2.py`; keys are its state dict's without `model.`, or those of the
/// repository that was published first (``networkName(_:)``).
package struct Florence2: Sendable {
    package let configuration: Florence2Configuration
    package let decoder: SequenceDecoder
    private let vision: DaViT
    private let projector: ImageTokens
    private let words: Tensor
    private let positions: Tensor
    private let norm: LayerNorm
    private let layers: [SequenceEncoderLayer]

    /// Rows of BART's tables of positions before the first position.
    private static let positionOffset = 2

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Florence2Configuration, _ w: WeightScope) throws {
        configuration = c
        let text = c.text
        func layer(_ heads: Int, _ feedForward: Int) -> SequenceLayerSizes {
            SequenceLayerSizes(width: text.width, heads: heads, feedForward: feedForward, norm: .after, keyBias: true)
        }
        vision = try DaViT(w("vision_tower"), c.vision)
        projector = try ImageTokens(w("multi_modal_projector"), c.vision, inputs: vision.width)
        let language = w("language_model")
        words = try language("shared").tensor("weight", [text.vocabulary, text.width])
        let encoder = language("encoder")
        positions = try encoder("embed_positions").tensor(
            "weight", [text.positions + Self.positionOffset, text.width])
        norm = try LayerNorm(encoder("layernorm_embedding"), text.width)
        layers = try (0..<text.encoderLayers).map {
            try SequenceEncoderLayer(encoder("layers")($0), layer(text.encoderHeads, text.encoderFeedForward))
        }
        let bias =
            language.holds("final_logits_bias")
            ? try language.tensor("final_logits_bias", [1, text.vocabulary]) : nil
        decoder = try SequenceDecoder(
            language("decoder"),
            SequenceDecoder.Sizes(
                vocabulary: text.vocabulary, layers: text.decoderLayers,
                layer: layer(text.decoderHeads, text.decoderFeedForward), positions: text.positions,
                positionOffset: Self.positionOffset, scale: text.scalesEmbeddings ? Double(text.width).squareRoot() : 1,
                normalizesFirst: true, normalizesLast: false),
            table: words, bias: bias)
    }

    /// What a picture and a prompt come to.
    ///
    /// - Parameters:
    ///   - pixels: `[1, 3, side, side]`, of ``FlorencePicture``.
    ///   - prompt: numbers of its tokens, with both ends.
    ///   - trace: hears of every part.
    /// - Returns: `[1, places + 1 + prompt, width]`.
    package func encode(
        _ pixels: Tensor, prompt: [Int32], trace: NetworkTrace = { _, _ in }
    ) throws(TorchError) -> Tensor {
        let map = try vision(pixels)
        trace("vision", map)
        let seen = try projector(map)
        trace("image_features", seen)
        let ids = try Tensor(prompt.map(Int64.init), shape: [1, prompt.count]).to(device: words.device)
        let text = configuration.text
        let told = try Tensor.embedding(words, ids)
        var x = try Tensor.cat([seen, text.scalesEmbeddings ? told * Double(text.width).squareRoot() : told], 1)
        guard x.size(1) <= text.positions else {
            throw .refused(
                operation: "Florence2", message: "\(x.size(1)) tokens, and there are \(text.positions) positions")
        }
        x = try norm(x + positions.narrow(0, from: Self.positionOffset, count: x.size(1)))
        for layer in layers { x = try layer(x) }
        trace("encoder", x)
        return x
    }

    /// The name by which the network asks for a key.
    package static func networkName(_ key: String) -> String {
        var name = key
        if name.hasPrefix("model.") { name.removeFirst("model.".count) }
        if name.hasPrefix("vision_tower.convs.") { return name.replacing(".proj.", with: ".conv.") }
        if name.hasPrefix("vision_tower.blocks.") {
            for (theirs, ours) in originalNames { name = name.replacing(theirs, with: ours) }
            return name
        }
        if ["image_", "visual_"].contains(where: name.hasPrefix) {
            return "multi_modal_projector." + name.replacing("image_pos_embed.", with: "image_position_embed.")
        }
        return name.replacing("language_model.model.", with: "language_model.")
    }

    private static let originalNames = [
        (".fn.dw.", "."), (".ffn.fn.net.", ".ffn."), (".ffn.norm.", ".norm2."), (".window_attn.norm.", ".norm1."),
        (".channel_attn.norm.", ".norm1."), ("_attn.fn.", "_attn."),
    ]

    /// Tables that are tied to that of the tokens, by the network's names.
    package static func unused(_ name: String) -> Bool {
        [
            "lm_head.weight", "language_model.lm_head.weight", "language_model.encoder.embed_tokens.weight",
            "language_model.decoder.embed_tokens.weight",
        ].contains(name)
    }
}

/// A map of DaViT as tokens: with positions, their mean in front.
///
/// Source: transformers `Florence2MultiModalProjector`; of a single picture, so that of the table of times its first row counts.
private struct ImageTokens: Sendable {
    private let rows: Tensor
    private let columns: Tensor
    private let time: Tensor
    private let projection: Tensor
    private let norm: LayerNorm

    init(_ w: WeightScope, _ c: Florence2Configuration.Vision, inputs: Int) throws {
        let places = w("image_position_embed")
        // The first half of the channels tells the column.
        let half = inputs / 2
        rows = try places("row_embeddings").tensor("weight", [c.positions, half])
        columns = try places("column_embeddings").tensor("weight", [c.positions, inputs - half])
        time = try w("visual_temporal_embed").tensor("pos_idx_to_embed", [c.times, inputs])
            .narrow(0, from: 0, count: 1)
        // The first repository stored it the other way round, and not as a layer.
        projection =
            w.holds("image_projection")
            ? try w.tensor("image_projection", [inputs, c.projection]).transpose(0, 1)
            : try w("image_projection").tensor("weight", [c.projection, inputs])
        norm = try LayerNorm(w("image_proj_norm"), c.projection)
    }

    /// - Parameter map: `[B, H, W, C]`.
    /// - Returns: `[B, 1 + H · W, width]`.
    func callAsFunction(_ map: Tensor) throws(TorchError) -> Tensor {
        let (batch, height, width) = (map.size(0), map.size(1), map.size(2))
        guard height <= rows.size(0), width <= columns.size(0) else {
            throw .refused(
                operation: "Florence2",
                message: "a map of \(height) × \(width) places, and there are \(rows.size(0)) positions each way")
        }
        let column = try columns.narrow(0, from: 0, count: width).unsqueeze(0).expand([height, width, -1])
        let row = try rows.narrow(0, from: 0, count: height).unsqueeze(1).expand([height, width, -1])
        let placed = try (map + Tensor.cat([column, row], -1)).reshape([batch, height * width, -1]) + time
        let tokens = try Tensor.cat([placed.mean([1], keep: true), placed], 1)
        return try norm(tokens.linear(projection))
    }
}
