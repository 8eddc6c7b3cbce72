package import Torch

/// CLIP's text tower as Stable Diffusion is conditioned on it: the normalised last hidden states, one for each token.
///
/// Source: transformers `models/clip/modeling_clip.py`, `CLIPTextModel`; keys are its state dict's.
package struct CLIPTextModel: Sendable {
    package let configuration: Configuration
    private let tokens: Embedding
    private let positions: Tensor
    private let layers: [Layer]
    private let norm: LayerNorm

    /// A buffer of older transformers releases, and what only a comparison with images needs: the projection, and of a whole
    /// `CLIPModel` the other tower.
    package static func unused(_ key: String) -> Bool {
        ["text_model.embeddings.position_ids", "text_projection", "text_projection.weight", "text_projection.bias"]
            .contains(key) || ["vision_model.", "visual_projection."].contains(where: key.hasPrefix)
            || key == "logit_scale"
    }

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        try c.check()
        let m = w("text_model")
        tokens = try Embedding(m("embeddings.token_embedding"), count: c.vocabSize, width: c.hiddenSize)
        positions = try m("embeddings.position_embedding").tensor("weight", [c.maxPositionEmbeddings, c.hiddenSize])
        layers = try (0..<c.numHiddenLayers).map { try Layer(m("encoder.layers")($0), c) }
        norm = try LayerNorm(m("final_layer_norm"), c.hiddenSize, eps: c.eps)
    }

    /// - Parameter ids: int64 `[B, T]`, padding included: a token sees those before it, whatever they are.
    /// - Returns: `[B, T, hiddenSize]`.
    /// - Throws: ``TorchError/refused(operation:message:)`` for more tokens than there are positions.
    package func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor {
        var h = try tokens(ids) + positions.narrow(0, from: 0, count: ids.size(1))
        for layer in layers { h = try layer(h) }
        return try norm(h)
    }

    /// Causal self-attention and feed-forward, each normalised first and added to its input.
    private struct Layer: Sendable {
        let norm1: LayerNorm
        let query: Linear
        let key: Linear
        let value: Linear
        let attentionOutput: Linear
        let norm2: LayerNorm
        let expand: Linear
        let contract: Linear
        let heads: Int
        let activation: Activation

        init(_ w: WeightScope, _ c: Configuration) throws {
            let width = c.hiddenSize
            norm1 = try LayerNorm(w("layer_norm1"), width, eps: c.eps)
            query = try Linear(w("self_attn.q_proj"), width, width)
            key = try Linear(w("self_attn.k_proj"), width, width)
            value = try Linear(w("self_attn.v_proj"), width, width)
            attentionOutput = try Linear(w("self_attn.out_proj"), width, width)
            norm2 = try LayerNorm(w("layer_norm2"), width, eps: c.eps)
            expand = try Linear(w("mlp.fc1"), width, c.intermediateSize)
            contract = try Linear(w("mlp.fc2"), c.intermediateSize, width)
            heads = c.numAttentionHeads
            activation = try c.activation()
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let h = try norm1(x)
            let mixed = try multiHeadAttention(query(h), key(h), value(h), heads: heads, causal: true)
            let y = try x + attentionOutput(mixed)
            return try y + contract(activation(expand(norm2(y))))
        }
    }

    /// The nonlinearity of the feed-forward.
    fileprivate enum Activation: String, CaseIterable {
        case gelu
        /// `x · σ(1.702 x)`, of the released models.
        case quickGELU = "quick_gelu"

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            switch self {
            case .gelu: try x.gelu()
            case .quickGELU: try x * (x * 1.702).sigmoid()
            }
        }
    }
}

extension CLIPTextModel {
    /// `config.json`, by transformers' names.
    package struct Configuration: Decodable, Sendable {
        package let vocabSize: Int
        package let hiddenSize: Int
        package let numHiddenLayers: Int
        package let numAttentionHeads: Int
        package let intermediateSize: Int
        package let maxPositionEmbeddings: Int
        package let layerNormEps: Double?
        package let hiddenAct: String?

        enum CodingKeys: String, CodingKey {
            case vocabSize = "vocab_size"
            case hiddenSize = "hidden_size"
            case numHiddenLayers = "num_hidden_layers"
            case numAttentionHeads = "num_attention_heads"
            case intermediateSize = "intermediate_size"
            case maxPositionEmbeddings = "max_position_embeddings"
            case layerNormEps = "layer_norm_eps"
            case hiddenAct = "hidden_act"
        }

        fileprivate var eps: Double { layerNormEps ?? 1e-5 }

        fileprivate func activation() throws(ConfigurationError) -> Activation {
            let name = hiddenAct ?? Activation.quickGELU.rawValue
            guard let activation = Activation(rawValue: name) else {
                throw ConfigurationError(
                    "CLIPTextModel", "hidden_act", found: name,
                    expected: Activation.allCases.map(\.rawValue).joined(separator: " or "))
            }
            return activation
        }

        fileprivate func check() throws(ConfigurationError) {
            let model = "CLIPTextModel"
            let sizes = [
                vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, maxPositionEmbeddings,
            ]
            if let bad = sizes.first(where: { !(1...1 << 20).contains($0) }) {
                throw ConfigurationError(model, "a size", found: "\(bad)", expected: "a number between 1 and 2^20")
            }
            guard hiddenSize % numAttentionHeads == 0 else {
                throw ConfigurationError(
                    model, "hidden_size", found: "\(hiddenSize)",
                    expected: "a multiple of the \(numAttentionHeads) heads")
            }
            _ = try activation()
        }
    }
}
