internal import CTorch

// The layers of networks. Weights are constants: only the gradient with respect to the input is ever computed, and
// what a layer keeps for it is the least that suffices.
extension Tensor {
    /// The product of matrices, `[…, n, k]` with `[…, k, m]`; in full single precision also where TF32 is on.
    package func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { sh_matmul(raw, other.raw, $0) }
    }

    /// `x · weightᵀ + bias` over the last dimension; weight `[out, in]`.
    package func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws(TorchError) -> Tensor {
        try Tensor.make { sh_linear(raw, weight.raw, bias?.raw, $0) }
    }

    /// Rows of a table `[n, width]` by integer ids of any shape.
    package static func embedding(_ table: Tensor, _ ids: Tensor) throws(TorchError) -> Tensor {
        try make { sh_embedding(table.raw, ids.raw, $0) }
    }

    package func layerNorm(_ weight: Tensor, _ bias: Tensor, eps: Double) throws(TorchError) -> Tensor {
        try Tensor.make { sh_layer_norm(raw, weight.raw, bias.raw, eps, $0) }
    }

    /// Normalisation over groups of channels of `[B, C, …]`, followed by SiLU where asked for.
    package func groupNorm(
        _ groups: Int, _ weight: Tensor, _ bias: Tensor, eps: Double, silu: Bool = false
    ) throws(TorchError) -> Tensor {
        try Tensor.make { sh_group_norm(raw, Int64(groups), weight.raw, bias.raw, eps, silu, $0) }
    }

    /// Normalisation of each channel of `[B, C, …]` by a mean and a variance `[C]` that are given, `(x − mean) / √(variance + eps)
    /// · weight + bias`, followed by ReLU where asked for.
    package func batchNorm(
        mean: Tensor, variance: Tensor, _ weight: Tensor, _ bias: Tensor, eps: Double, relu: Bool = false
    ) throws(TorchError) -> Tensor {
        try Tensor.make { sh_batch_norm(raw, mean.raw, variance.raw, weight.raw, bias.raw, eps, relu, $0) }
    }

    /// The largest value under each place of a kernel, over as many trailing dimensions of `[B, C, …]` as the kernel has, 2 or 3.
    ///
    /// - Parameter padding: how far the first window reaches over the near edge; the last may reach as far over the other as it
    ///   has to. What lies there counts for nothing.
    package func maxPool(_ kernel: [Int], stride: [Int], padding: [Int]) throws(TorchError) -> Tensor {
        guard stride.count == kernel.count, padding.count == kernel.count else {
            throw .refused(
                operation: "maxPool",
                message: "kernel \(kernel), stride \(stride) and padding \(padding) differ in length")
        }
        return try Tensor.make { out in
            withSizes(kernel) { kernel, n in
                withSizes(stride) { stride, _ in
                    withSizes(padding) { padding, _ in sh_max_pool(raw, n, kernel, stride, padding, out) }
                }
            }
        }
    }

    /// The mean under each place of a kernel, over as many trailing dimensions of `[B, C, …]` as the kernel has, 2 or 3. Windows that
    /// do not fit are left out.
    package func averagePool(_ kernel: [Int], stride: [Int]) throws(TorchError) -> Tensor {
        guard stride.count == kernel.count else {
            throw .refused(
                operation: "averagePool", message: "kernel \(kernel) and stride \(stride) differ in length")
        }
        return try Tensor.make { out in
            withSizes(kernel) { kernel, n in
                withSizes(stride) { stride, _ in sh_average_pool(raw, n, kernel, stride, out) }
            }
        }
    }

    /// Convolution of `[B, C, …]` over as many trailing dimensions as the weight `[out, in, …]` has.
    ///
    /// - Parameters:
    ///   - stride: one number for each of those dimensions; likewise padding and dilation.
    ///   - groups: of channels, each of which sees itself alone; the weight is then `[out, in / groups, …]`.
    package func conv(
        _ weight: Tensor, _ bias: Tensor?, stride: [Int], padding: [Int], dilation: [Int], groups: Int = 1
    ) throws(TorchError) -> Tensor {
        guard padding.count == stride.count, dilation.count == stride.count else {
            throw .refused(
                operation: "conv",
                message: "stride \(stride), padding \(padding) and dilation \(dilation) differ in length")
        }
        return try Tensor.make { out in
            withSizes(stride) { stride, n in
                withSizes(padding) { padding, _ in
                    withSizes(dilation) { dilation, _ in
                        sh_conv(raw, weight.raw, bias?.raw, n, stride, padding, dilation, Int64(groups), out)
                    }
                }
            }
        }
    }

    /// Transposed convolution of `[B, C, …]` over the trailing dimensions; weight `[in, out, …]`.
    package func convTranspose(_ weight: Tensor, _ bias: Tensor?, stride: [Int], padding: [Int]) throws(TorchError)
        -> Tensor
    {
        guard padding.count == stride.count else {
            throw .refused(
                operation: "convTranspose", message: "stride \(stride) and padding \(padding) differ in length")
        }
        return try Tensor.make { out in
            withSizes(stride) { stride, n in
                withSizes(padding) { padding, _ in
                    sh_conv_transpose(raw, weight.raw, bias?.raw, n, stride, padding, out)
                }
            }
        }
    }

    /// `softmax(q·kᵀ/√d + mask)·v` for `[B, heads, tokens, d]`.
    ///
    /// - Parameter mask: added to the scores, broadcast to `[B, heads, queries, keys]`.
    package static func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, causal: Bool = false
    ) throws(TorchError) -> Tensor {
        try make { sh_attention(q.raw, k.raw, v.raw, mask?.raw, causal, $0) }
    }

    /// `[B, C, H, W]` enlarged to a size by repeating pixels.
    package func upsampledNearest(height: Int, width: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_upsample_nearest(raw, Int64(height), Int64(width), $0) }
    }

    /// `[B, C, H, W]` resized linearly, pixel centres at halves (`align_corners = false`).
    package func resizedBilinear(height: Int, width: Int, antialias: Bool) throws(TorchError) -> Tensor {
        try Tensor.make { sh_resize_bilinear(raw, Int64(height), Int64(width), antialias, $0) }
    }

    /// `|rfft(x, length)|²` over the last dimension, which becomes `length / 2 + 1`.
    package func powerSpectrum(length: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_power_spectrum(raw, Int64(length), $0) }
    }
}
