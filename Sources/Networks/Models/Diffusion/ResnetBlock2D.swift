internal import Torch

/// Two convolutions with normalisation and a shortcut; the time embedding is added between them.
///
/// Source: diffusers `models/resnet.py`, `ResnetBlock2D` (`time_embedding_norm` "default").
struct ResnetBlock2D: Sendable {
    private let norm1: GroupNorm
    private let conv1: Conv2d
    private let timeProjection: Linear?
    private let norm2: GroupNorm
    private let conv2: Conv2d
    private let shortcut: Conv2d?

    init(
        _ w: WeightScope, _ inputs: Int, _ outputs: Int, timeWidth: Int?, groups: Int, eps: Double
    ) throws {
        norm1 = try GroupNorm(w("norm1"), inputs, groups: groups, eps: eps)
        conv1 = try Conv2d(w("conv1"), inputs, outputs, kernel: 3, padding: 1)
        timeProjection = try timeWidth.map { try Linear(w("time_emb_proj"), $0, outputs) }
        norm2 = try GroupNorm(w("norm2"), outputs, groups: groups, eps: eps)
        conv2 = try Conv2d(w("conv2"), outputs, outputs, kernel: 3, padding: 1)
        shortcut = inputs == outputs ? nil : try Conv2d(w("conv_shortcut"), inputs, outputs, kernel: 1)
    }

    /// - Parameters:
    ///   - x: `[B, C, H, W]`.
    ///   - time: `[B, width]` after SiLU; nil where the block has none.
    func callAsFunction(_ x: Tensor, time: Tensor? = nil) throws(TorchError) -> Tensor {
        // The shortcut first: its gradient is then taken last, when the other path holds nothing any more.
        let skipped = try shortcut?(x) ?? x
        var h = try conv1(norm1.silu(x))  // (B, outputs, H, W)
        if let timeProjection, let time {
            h = try h + timeProjection(time).unsqueeze(-1).unsqueeze(-1)
        }
        return try skipped + conv2(norm2.silu(h))
    }
}
