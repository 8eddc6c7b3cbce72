internal import Torch

/// Multi-head attention with separate projections; keys and values come from `context` where there is one.
///
/// Source: diffusers `models/attention_processor.py`, `Attention` with `AttnProcessor2_0`.
struct Attention: Sendable {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let heads: Int

    init(_ w: WeightScope, width: Int, contextWidth: Int, heads: Int) throws {
        query = try Linear(w("to_q"), width, width, bias: false)
        key = try Linear(w("to_k"), contextWidth, width, bias: false)
        value = try Linear(w("to_v"), contextWidth, width, bias: false)
        output = try Linear(w("to_out")(0), width, width)
        self.heads = heads
    }

    /// - Parameters:
    ///   - x: `[B·F, T, width]`; the F frames of a sample are adjacent.
    ///   - context: `[B, S, contextWidth]`; nil for self-attention within each frame. Since attention takes every query
    ///     by itself, the frames of a sample ask as one sequence `[B, F·T, width]`, and its keys are made once.
    func callAsFunction(_ x: Tensor, context: Tensor? = nil) throws(TorchError) -> Tensor {
        guard let context else { return try output(mixed(x, x)) }
        let queries = context.size(0) == x.size(0) ? x : try x.reshape([context.size(0), -1, x.size(2)])
        return try output(mixed(queries, context).reshape(x.shape))
    }

    private func mixed(_ x: Tensor, _ context: Tensor) throws(TorchError) -> Tensor {
        try multiHeadAttention(query(x), key(context), value(context), heads: heads)
    }
}
