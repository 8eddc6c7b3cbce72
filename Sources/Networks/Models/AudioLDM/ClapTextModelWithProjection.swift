package import Torch

/// CLAP's text tower: a RoBERTa encoder, its pooled first token, and a projection.
///
/// Source: transformers `models/clap/modeling_clap.py`; keys are its state dict's.
package struct ClapTextModelWithProjection: Sendable {
    package let configuration: Configuration
    private let words: Embedding
    private let positions: Embedding
    private let tokenTypes: Embedding
    private let norm: LayerNorm
    private let layers: [Layer]
    private let pooler: Linear
    private let projection1: Linear
    private let projection2: Linear

    /// Buffers of older transformers releases that hold no weights, and of a whole `ClapModel` the other tower.
    package static func unused(_ key: String) -> Bool {
        key == "text_model.embeddings.position_ids" || key == "text_model.embeddings.token_type_ids"
            || ["audio_model.", "audio_projection."].contains(where: key.hasPrefix)
            || ["logit_scale_a", "logit_scale_t"].contains(key)
    }

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        try c.check()
        let width = c.hiddenSize
        let eps = c.layerNormEps ?? 1e-12
        let e = w("text_model.embeddings")
        words = try Embedding(e("word_embeddings"), count: c.vocabSize, width: width)
        positions = try Embedding(e("position_embeddings"), count: c.maxPositionEmbeddings, width: width)
        tokenTypes = try Embedding(e("token_type_embeddings"), count: c.typeVocabSize ?? 1, width: width)
        norm = try LayerNorm(e("LayerNorm"), width, eps: eps)
        layers = try (0..<c.numHiddenLayers).map { try Layer(w("text_model.encoder.layer")($0), c, eps: eps) }
        pooler = try Linear(w("text_model.pooler.dense"), width, width)
        projection1 = try Linear(w("text_projection.linear1"), width, c.projectionDim)
        projection2 = try Linear(w("text_projection.linear2"), c.projectionDim, c.projectionDim)
    }

    /// - Parameters:
    ///   - ids: int64 `[B, T]`, padded with the configuration's `pad_token_id`.
    ///   - mask: 1 for a token, 0 for padding, `[B, T]`, of the weights' type.
    /// - Returns: `[B, projectionDim]`, not normalised.
    package func callAsFunction(ids: Tensor, mask: Tensor) throws(TorchError) -> Tensor {
        let (batch, length) = (ids.size(0), ids.size(1))
        let zeros = try Tensor.zeros([batch, length], dtype: .int64, device: ids.device)
        var h = try words(ids) + tokenTypes(zeros)
        h = try norm(h + positions(positionIDs(ids)))
        // Far below any score, yet finite: a row of padding alone then stays finite too.
        let bias = try ((mask * -1 + 1) * -1e30).reshape([batch, 1, 1, length])
        for layer in layers { h = try layer(h, bias: bias) }
        let pooled = try pooler(h.narrow(1, from: 0, count: 1).squeeze(1)).tanh()
        return try projection2(projection1(pooled).relu())
    }

    /// RoBERTa counts positions from `pad_token_id + 1` and gives padding the position `pad_token_id`.
    private func positionIDs(_ ids: Tensor) throws(TorchError) -> Tensor {
        let padding = Int64(configuration.padTokenId ?? 1)
        let values = try ids.integers()
        let length = ids.size(1)
        var positions = [Int64](repeating: padding, count: values.count)
        for row in 0..<ids.size(0) {
            var count: Int64 = 0
            for column in 0..<length where values[row * length + column] != padding {
                count += 1
                positions[row * length + column] = padding + count
            }
        }
        return try Tensor(positions, shape: ids.shape).to(device: ids.device)
    }

    /// Self-attention and feed-forward, each added to its input and normalised after.
    private struct Layer: Sendable {
        let query: Linear
        let key: Linear
        let value: Linear
        let attentionOutput: Linear
        let attentionNorm: LayerNorm
        let expand: Linear
        let contract: Linear
        let outputNorm: LayerNorm
        let heads: Int

        init(_ w: WeightScope, _ c: Configuration, eps: Double) throws {
            let width = c.hiddenSize
            query = try Linear(w("attention.self.query"), width, width)
            key = try Linear(w("attention.self.key"), width, width)
            value = try Linear(w("attention.self.value"), width, width)
            attentionOutput = try Linear(w("attention.output.dense"), width, width)
            attentionNorm = try LayerNorm(w("attention.output.LayerNorm"), width, eps: eps)
            expand = try Linear(w("intermediate.dense"), width, c.intermediateSize)
            contract = try Linear(w("output.dense"), c.intermediateSize, width)
            outputNorm = try LayerNorm(w("output.LayerNorm"), width, eps: eps)
            heads = c.numAttentionHeads
        }

        func callAsFunction(_ x: Tensor, bias: Tensor) throws(TorchError) -> Tensor {
            let mixed = try multiHeadAttention(query(x), key(x), value(x), heads: heads, mask: bias)
            let h = try attentionNorm(attentionOutput(mixed) + x)
            return try outputNorm(contract(expand(h).gelu()) + h)
        }
    }
}

extension ClapTextModelWithProjection {
    /// `config.json`, by transformers' names.
    package struct Configuration: Decodable, Sendable {
        package let vocabSize: Int
        package let hiddenSize: Int
        package let numHiddenLayers: Int
        package let numAttentionHeads: Int
        package let intermediateSize: Int
        package let maxPositionEmbeddings: Int
        package let typeVocabSize: Int?
        package let projectionDim: Int
        package let layerNormEps: Double?
        package let padTokenId: Int?
        package let hiddenAct: String?
        package let projectionHiddenAct: String?

        enum CodingKeys: String, CodingKey {
            case vocabSize = "vocab_size"
            case hiddenSize = "hidden_size"
            case numHiddenLayers = "num_hidden_layers"
            case numAttentionHeads = "num_attention_heads"
            case intermediateSize = "intermediate_size"
            case maxPositionEmbeddings = "max_position_embeddings"
            case typeVocabSize = "type_vocab_size"
            case projectionDim = "projection_dim"
            case layerNormEps = "layer_norm_eps"
            case padTokenId = "pad_token_id"
            case hiddenAct = "hidden_act"
            case projectionHiddenAct = "projection_hidden_act"
        }

        fileprivate func check() throws(ConfigurationError) {
            let model = "ClapTextModelWithProjection"
            let sizes = [
                vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, maxPositionEmbeddings,
                projectionDim,
            ]
            if let bad = sizes.first(where: { $0 < 1 }) {
                throw ConfigurationError(model, "a size", found: "\(bad)", expected: "a positive number")
            }
            guard hiddenSize % numAttentionHeads == 0 else {
                throw ConfigurationError(
                    model, "hidden_size", found: "\(hiddenSize)",
                    expected: "a multiple of the \(numAttentionHeads) heads")
            }
            if let hiddenAct, hiddenAct != "gelu" {
                throw ConfigurationError(model, "hidden_act", found: hiddenAct, expected: "gelu")
            }
            if let projectionHiddenAct, projectionHiddenAct != "relu" {
                throw ConfigurationError(model, "projection_hidden_act", found: projectionHiddenAct, expected: "relu")
            }
        }
    }
}
