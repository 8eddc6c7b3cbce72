internal import Torch

/// Where a layer normalises: what its part reads, or the sum of its input and what the part made.
enum NormPlacement: Sendable {
    case before, after

    /// The input with what a part of the layer adds to it.
    func callAsFunction(
        _ x: Tensor, _ norm: LayerNorm, _ part: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        switch self {
        case .before: try x + part(norm(x))
        case .after: try norm(x + part(x))
        }
    }
}

/// What attention reads, each `[B, S, width]`.
struct KeysAndValues: Sendable {
    var keys: Tensor
    var values: Tensor
}

/// Attention whose queries, keys, values and result go through projections of their own.
struct ProjectedAttention: Sendable {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let heads: Int

    init(_ w: WeightScope, _ width: Int, heads: Int, keyBias: Bool) throws {
        query = try Linear(w("q_proj"), width, width)
        key = try Linear(w("k_proj"), width, width, bias: keyBias)
        value = try Linear(w("v_proj"), width, width)
        output = try Linear(w("out_proj"), width, width)
        self.heads = heads
    }

    func read(_ x: Tensor) throws(TorchError) -> KeysAndValues {
        KeysAndValues(keys: try key(x), values: try value(x))
    }

    /// - Parameters:
    ///   - x: `[B, T, width]`.
    ///   - memory: what is read, `[B, S, width]`.
    func callAsFunction(_ x: Tensor, _ memory: KeysAndValues, causal: Bool = false) throws(TorchError) -> Tensor {
        try output(multiHeadAttention(query(x), memory.keys, memory.values, heads: heads, causal: causal))
    }
}

/// The sizes of a layer, and where it normalises.
struct SequenceLayerSizes: Sendable {
    let width: Int
    let heads: Int
    let feedForward: Int
    let norm: NormPlacement
    /// Whether keys have a bias.
    let keyBias: Bool
}

/// A layer of BART's or Whisper's encoder.
///
/// Source: transformers `BartEncoderLayer`, `WhisperEncoderLayer`, whose keys are the same.
struct SequenceEncoderLayer: Sendable {
    private let attention: ProjectedAttention
    private let attentionNorm: LayerNorm
    private let forward: FeedForward
    private let outputNorm: LayerNorm
    private let norm: NormPlacement

    init(_ w: WeightScope, _ sizes: SequenceLayerSizes) throws {
        attention = try ProjectedAttention(w("self_attn"), sizes.width, heads: sizes.heads, keyBias: sizes.keyBias)
        attentionNorm = try LayerNorm(w("self_attn_layer_norm"), sizes.width)
        forward = try FeedForward(w, sizes)
        outputNorm = try LayerNorm(w("final_layer_norm"), sizes.width)
        norm = sizes.norm
    }

    /// - Parameter x: `[B, T, width]`.
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let h = try norm(x, attentionNorm) { (y) throws(TorchError) in try attention(y, attention.read(y)) }
        return try norm(h, outputNorm, forward.callAsFunction)
    }
}

/// A layer of BART's or Whisper's decoder.
///
/// Source: transformers `BartDecoderLayer`, `WhisperDecoderLayer`.
struct SequenceDecoderLayer: Sendable {
    private let own: ProjectedAttention
    private let ownNorm: LayerNorm
    private let cross: ProjectedAttention
    private let crossNorm: LayerNorm
    private let forward: FeedForward
    private let outputNorm: LayerNorm
    private let norm: NormPlacement

    init(_ w: WeightScope, _ sizes: SequenceLayerSizes) throws {
        own = try ProjectedAttention(w("self_attn"), sizes.width, heads: sizes.heads, keyBias: sizes.keyBias)
        ownNorm = try LayerNorm(w("self_attn_layer_norm"), sizes.width)
        cross = try ProjectedAttention(w("encoder_attn"), sizes.width, heads: sizes.heads, keyBias: sizes.keyBias)
        crossNorm = try LayerNorm(w("encoder_attn_layer_norm"), sizes.width)
        forward = try FeedForward(w, sizes)
        outputNorm = try LayerNorm(w("final_layer_norm"), sizes.width)
        norm = sizes.norm
    }

    /// What the layer reads of the encoder, once for all tokens.
    func read(_ memory: Tensor) throws(TorchError) -> KeysAndValues { try cross.read(memory) }

    /// - Parameters:
    ///   - x: `[B, T, width]`: of texts that are gone on with, T is 1.
    ///   - past: what the texts said so far, to which these tokens are added.
    ///   - memory: `[1, S, width]`, of ``read(_:)``: the same for all texts.
    func callAsFunction(
        _ x: Tensor, past: inout KeysAndValues?, memory: KeysAndValues
    ) throws(TorchError) -> Tensor {
        let (texts, length, width) = (x.size(0), x.size(1), x.size(2))
        var said = past
        var h = try norm(x, ownNorm) { (y) throws(TorchError) in
            let fresh = try own.read(y)
            let all =
                try said.map { (said) throws(TorchError) in
                    KeysAndValues(
                        keys: try Tensor.cat([said.keys, fresh.keys], 1),
                        values: try Tensor.cat([said.values, fresh.values], 1))
                } ?? fresh
            said = all
            return try own(y, all, causal: length > 1)
        }
        past = said
        // Nothing passes between queries, so those of all texts ask one memory, which is not repeated for each.
        h = try norm(h, crossNorm) { (y) throws(TorchError) in
            try cross(y.reshape([1, texts * length, width]), memory).reshape([texts, length, width])
        }
        return try norm(h, outputNorm, forward.callAsFunction)
    }
}

/// Two products with GELU between them.
private struct FeedForward: Sendable {
    private let expand: Linear
    private let contract: Linear

    init(_ w: WeightScope, _ sizes: SequenceLayerSizes) throws {
        expand = try Linear(w("fc1"), sizes.width, sizes.feedForward)
        contract = try Linear(w("fc2"), sizes.feedForward, sizes.width)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try contract(expand(x).gelu()) }
}
