internal import Foundation
internal import Torch

/// AnimateDiff's temporal transformer: every place of the image is a sequence over the frames.
///
/// Source: diffusers `models/unets/unet_motion_model.py`, `AnimateDiffTransformer3D`.
struct MotionModule: Sendable {
    private struct Block: Sendable {
        let transformer: BasicTransformerBlock
        /// `[1, most frames, channels]`.
        let positions: Tensor
    }

    private let norm: GroupNorm
    private let projectIn: Linear
    private let blocks: [Block]
    private let projectOut: Linear

    /// - Parameter length: the most frames.
    init(_ w: WeightScope, channels: Int, heads: Int, layers: Int, groups: Int, length: Int) throws {
        norm = try GroupNorm(w("norm"), channels, groups: groups, eps: 1e-6)
        projectIn = try Linear(w("proj_in"), channels, channels)
        blocks = try (0..<layers).map { layer in
            let block = w("transformer_blocks")(layer)
            return Block(
                transformer: try BasicTransformerBlock(block, width: channels, contextWidth: channels, heads: heads),
                // A table in the file holds, as it does in diffusers; it may have been rounded to halves.
                positions: block.holds("pos_embed.pe")
                    ? try block.tensor("pos_embed.pe", [1, length, channels])
                    : try block.place(Self.sinusoids(length, channels)))
        }
        projectOut = try Linear(w("proj_out"), channels, channels)
    }

    /// - Parameter x: `[B·F, C, H, W]`, the F frames of a sample adjacent.
    func callAsFunction(_ x: Tensor, frames: Int) throws(TorchError) -> Tensor {
        let (rows, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
        let (batch, places) = (rows / frames, height * width)
        // The statistics are those of all frames of a sample together.
        var h = try norm(x.reshape([batch, frames, channels, places]).transpose(1, 2))  // (B, C, F, H·W)
        h = try h.permute([0, 3, 2, 1]).reshape([batch * places, frames, channels])
        h = try projectIn(h)
        for block in blocks {
            h = try block.transformer(
                h, context: nil, positions: block.positions.narrow(1, from: 0, count: frames))
        }
        h = try projectOut(h).reshape([batch, places, frames, channels]).permute([0, 2, 3, 1])  // (B, F, C, H·W)
        return try h.reshape([rows, channels, height, width]) + x
    }

    /// Sines and cosines in turn: `sin(p·10000^(−2i/width))` at 2i, the cosine at 2i + 1.
    ///
    /// Source: diffusers `models/embeddings.py`, `SinusoidalPositionalEmbedding`.
    static func sinusoids(_ length: Int, _ width: Int) throws(TorchError) -> Tensor {
        // In single precision throughout, as the reference computes it.
        let exponents = try Tensor.arange(to: Double(width / 2)) * 2
        let frequencies = try (exponents * (-Foundation.log(10_000.0) / Double(width))).exp()
        let angles = try Tensor.arange(to: Double(length)).unsqueeze(1) * frequencies
        return try Tensor.stack([angles.sin(), angles.cos()], -1).reshape([1, length, width])
    }
}
