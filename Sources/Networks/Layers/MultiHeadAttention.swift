internal import Torch

/// Scaled dot-product attention with several heads: `softmax(q kᵀ / √d) v`, `d` the width of a head.
///
/// - Parameters:
///   - q: `[B, T, width]`.
///   - k: `[B, S, width]`, as the values.
///   - mask: added to the scores, of a shape that broadcasts to `[B, heads, T, S]`.
///   - causal: whether a query sees no key behind its own place.
/// - Returns: `[B, T, width]`.
func multiHeadAttention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, mask: Tensor? = nil, causal: Bool = false
) throws(TorchError) -> Tensor {
    /// `[B, T, width]` to `[B, heads, T, width / heads]`.
    func split(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.reshape([x.size(0), x.size(1), heads, x.size(2) / heads]).transpose(1, 2)
    }
    return try Tensor.attention(split(q), split(k), split(v), mask: mask, causal: causal)
        .transpose(1, 2).reshape([q.size(0), q.size(1), q.size(2)])
}
