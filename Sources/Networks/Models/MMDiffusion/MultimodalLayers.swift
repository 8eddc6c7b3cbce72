internal import Torch

/// A norm over groups of channels, under the key that MM-Diffusion gives it.
extension GroupNorm {
    init(multimodal w: WeightScope, _ channels: Int) throws {
        self = try GroupNorm(w("GroupNorm"), channels, groups: MultimodalConfiguration.groups, eps: 1e-5)
    }
}

/// A convolution of each frame by itself, then of each pixel over time; zeros around both.
struct SpatialTemporalConvolution: Sendable {
    private let spatial: Conv2d
    private let weight: Tensor
    private let bias: Tensor

    init(_ w: WeightScope, _ inputs: Int, _ outputs: Int) throws {
        spatial = try Conv2d(w("video_conv_spatial"), inputs, outputs, kernel: 3, padding: 1)
        weight = try w("video_conv_temporal").tensor("weight", [outputs, outputs, 3]).unsqueeze(3)
        bias = try w("video_conv_temporal").tensor("bias", [outputs])
    }

    func callAsFunction(_ x: MultimodalFeatures) throws(TorchError) -> MultimodalFeatures {
        var y = try x.replacing(frames: spatial(x.framesApart()))
        y.video = try y.video.conv(weight, bias, stride: [1, 1], padding: [1, 0], dilation: [1, 1])
        return y
    }
}

/// A convolution that sees one place at a time, of a map `[B, C, H, W]`.
struct PointConvolution: Sendable {
    private let weight: Tensor
    private let bias: Tensor

    /// - Parameter dimensions: that its weight has behind the channels, all of size 1.
    init(_ w: WeightScope, _ inputs: Int, _ outputs: Int, dimensions: Int) throws {
        weight = try w.tensor("weight", [outputs, inputs] + Array(repeating: 1, count: dimensions))
            .reshape([outputs, inputs, 1, 1])
        bias = try w.tensor("bias", [outputs])
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv(weight, bias, stride: [1, 1], padding: [0, 0], dilation: [1, 1])
    }
}

/// A linear map of tokens whose weight is that of a convolution over one place.
struct TokenProjection: Sendable {
    private let weight: Tensor
    private let bias: Tensor

    init(_ w: WeightScope, _ inputs: Int, _ outputs: Int, dimensions: Int = 1) throws {
        weight = try w.tensor("weight", [outputs, inputs] + Array(repeating: 1, count: dimensions))
            .reshape([outputs, inputs])
        bias = try w.tensor("bias", [outputs])
    }

    /// - Parameter x: `[…, inputs]`.
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x.linear(weight, bias) }
}

/// Attention of tokens to each other, added to them. The norm's statistics are those of one row of tokens.
struct TokenAttention: Sendable {
    private let norm: GroupNorm
    private let project: TokenProjection
    private let output: TokenProjection
    private let heads: Int

    init(_ w: WeightScope, channels: Int, heads: Int) throws {
        norm = try GroupNorm(multimodal: w("norm"), channels)
        project = try TokenProjection(w("qkv"), channels, 3 * channels)
        output = try TokenProjection(w("proj_out"), channels, channels)
        self.heads = heads
    }

    /// - Parameter x: `[N, T, C]`.
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let normed = try norm(x.unsqueeze(1).permute([0, 3, 1, 2])).permute([0, 2, 3, 1]).squeeze(1)
        let qkv = try project(normed).chunks(3, 2)
        return try x + output(multiHeadAttention(qkv[0], qkv[1], qkv[2], heads: heads))
    }
}
