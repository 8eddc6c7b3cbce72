internal import Torch

/// Attention with one head over all positions of a feature map, added to its input.
struct VAEAttention: Sendable {
    private let norm: GroupNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear

    init(_ w: WeightScope, channels: Int, groups: Int, eps: Double) throws {
        norm = try GroupNorm(w("group_norm"), channels, groups: groups, eps: eps)
        // The published checkpoints were saved under the names from before diffusers 0.17.
        let legacy = w("query").holds("weight")
        query = try Linear(w(legacy ? "query" : "to_q"), channels, channels)
        key = try Linear(w(legacy ? "key" : "to_k"), channels, channels)
        value = try Linear(w(legacy ? "value" : "to_v"), channels, channels)
        output = try Linear(w(legacy ? "proj_attn" : "to_out.0"), channels, channels)
    }

    /// - Parameter x: `[B, C, H, W]`.
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let (batch, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
        let h = try norm(x).permute([0, 2, 3, 1]).reshape([batch, height * width, channels])
        let mixed = try multiHeadAttention(query(h), key(h), value(h), heads: 1)
        return try output(mixed).reshape([batch, height, width, channels]).permute([0, 3, 1, 2]).arrangedAsMap() + x
    }
}
