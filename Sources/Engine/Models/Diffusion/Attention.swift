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
    ///   - x: `[B, T, width]`.
    ///   - context: `[B, S, contextWidth]`.
    func callAsFunction(_ x: Tensor, context: Tensor? = nil) throws(TorchError) -> Tensor {
        let context = context ?? x
        let mixed = try Tensor.attention(split(query(x)), split(key(context)), split(value(context)))
        return try output(merged(mixed))
    }

    /// `[B, T, width]` to `[B, heads, T, width / heads]`.
    private func split(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.reshape([x.size(0), x.size(1), heads, x.size(2) / heads]).transpose(1, 2)
    }

    private func merged(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.transpose(1, 2).reshape([x.size(0), x.size(2), heads * x.size(3)])
    }
}
