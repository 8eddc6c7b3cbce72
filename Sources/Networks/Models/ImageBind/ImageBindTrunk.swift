internal import Method
internal import Torch

/// The transformer that every tower has: pre-norm blocks with joint projections.
///
/// Source: ImageBind `models/transformer.py` and `models/multimodal_preprocessors.py`.
struct ImageBindTrunk: Sendable {
    static let eps = 1e-6
    private let preNorm: LayerNorm?
    private let blocks: [Block]
    private let causal: Bool

    init(_ w: WeightScope, width: Int, blocks count: Int, heads: Int, preNorm: Bool = false, causal: Bool = false)
        throws
    {
        self.preNorm = preNorm ? try LayerNorm(w("pre_transformer_layer")(0), width, eps: Self.eps) : nil
        blocks = try (0..<count).map { try Block(w("blocks")($0), width: width, heads: heads, causal: causal) }
        self.causal = causal
    }

    /// - Parameter x: `[B, T, width]`.
    func callAsFunction(_ x: Tensor, memory: MemoryPolicy) throws(TorchError) -> Tensor {
        var x = x
        if let preNorm { x = try preNorm(x) }
        for block in blocks {
            x = try memory.run(.plain, [x]) { inputs throws(TorchError) in try block(inputs[0]) }
        }
        return x
    }

    private struct Block: Sendable {
        let norm1: LayerNorm
        let projection: Tensor
        let projectionBias: Tensor
        /// One more key and value for every query, learned; only the audio tower has them.
        let extraKey: Tensor?
        let extraValue: Tensor?
        let output: Linear
        let norm2: LayerNorm
        let expand: Linear
        let contract: Linear
        let heads: Int
        let causal: Bool

        init(_ w: WeightScope, width: Int, heads: Int, causal: Bool) throws {
            norm1 = try LayerNorm(w("norm_1"), width, eps: ImageBindTrunk.eps)
            let attention = w("attn")
            projection = try attention.tensor("in_proj_weight", [3 * width, width])
            projectionBias = try attention.tensor("in_proj_bias", [3 * width])
            extraKey = attention.holds("bias_k") ? try attention.tensor("bias_k", [1, 1, width]) : nil
            extraValue = attention.holds("bias_v") ? try attention.tensor("bias_v", [1, 1, width]) : nil
            output = try Linear(attention("out_proj"), width, width)
            norm2 = try LayerNorm(w("norm_2"), width, eps: ImageBindTrunk.eps)
            expand = try Linear(w("mlp.fc1"), width, 4 * width)
            contract = try Linear(w("mlp.fc2"), 4 * width, width)
            self.heads = heads
            self.causal = causal
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let h = try attend(norm1(x)) + x
            return try contract(expand(norm2(h)).gelu()) + h
        }

        private func attend(_ x: Tensor) throws(TorchError) -> Tensor {
            let parts = try x.linear(projection, projectionBias).chunks(3, -1)
            // After the projection and at the end of the sequence, as torch.nn.MultiheadAttention does.
            let keys = try extended(parts[1], extraKey)
            let values = try extended(parts[2], extraValue)
            return try output(multiHeadAttention(parts[0], keys, values, heads: heads, causal: causal))
        }

        private func extended(_ x: Tensor, _ extra: Tensor?) throws(TorchError) -> Tensor {
            guard let extra else { return x }
            return try Tensor.cat([x, extra.expand([x.size(0), 1, x.size(2)])], 1)
        }
    }
}

/// The end of a tower: a norm, a projection without bias, a unit vector, a scale.
struct ImageBindHead: Sendable {
    private let norm: LayerNorm
    private let projection: Linear
    private let scale: Tensor?

    /// - Parameters:
    ///   - modality: `vision`, `text` or `audio`: the head's key. The text head stands one level deeper.
    init(_ w: WeightScope, modality: String, width: Int, output: Int) throws {
        let head = modality == "text" ? w("modality_heads.text.proj") : w("modality_heads")(modality)
        norm = try LayerNorm(head(0), width, eps: ImageBindTrunk.eps)
        projection = try Linear(head(modality == "text" ? 1 : 2), width, output, bias: false)
        // exp of the learned logarithm, at most 100; an image's embedding has no scale.
        scale =
            modality == "vision"
            ? nil
            : try w("modality_postprocessors")(modality)(1).tensor("log_logit_scale", []).exp().clamped(-.infinity, 100)
    }

    /// - Parameter x: `[B, width]`, the token that stands for the whole.
    /// - Returns: at least single precision: a unit vector of halves is none.
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let projected = try projection(norm(x))
        let unit = try projected.to(projected.dtype.byteCount < 4 ? .float32 : projected.dtype).normalized()
        guard let scale else { return unit }
        return try unit * scale.to(unit.dtype)
    }
}
