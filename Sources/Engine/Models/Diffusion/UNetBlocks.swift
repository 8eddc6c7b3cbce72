internal import Torch

/// What one level of the UNet is made of.
struct UNetLevel: Sendable {
    let resnets: [ResnetBlock2D]
    /// Empty where the level has no attention.
    let attentions: [Transformer2DModel]
    /// The convolution that halves (going down) or follows the doubling (going up); nil at the last level.
    let resampler: Conv2d?

    /// Resnets, each followed by its attention where there is one.
    func body(_ index: Int, _ x: Tensor, time: Tensor, context: Tensor?) throws(TorchError) -> Tensor {
        let h = try resnets[index](x, time: time)
        return attentions.isEmpty ? h : try attentions[index](h, context: context)
    }

    /// Going down: the output, and every intermediate that the way up will read.
    func down(_ x: Tensor, time: Tensor, context: Tensor?) throws(TorchError) -> (Tensor, skips: [Tensor]) {
        var h = x
        var skips: [Tensor] = []
        for index in resnets.indices {
            h = try body(index, h, time: time, context: context)
            skips.append(h)
        }
        if let resampler {
            h = try resampler(h)
            skips.append(h)
        }
        return (h, skips)
    }

    /// Going up: consumes as many skips as it has resnets, the last first.
    ///
    /// The doubling aims at the size of the next skip, which differs from twice the size where a level was odd.
    func up(_ x: Tensor, skips: inout [Tensor], time: Tensor, context: Tensor?) throws(TorchError) -> Tensor {
        var h = x
        for index in resnets.indices {
            h = try body(index, Tensor.cat([h, skips.removeLast()], 1), time: time, context: context)
        }
        guard let resampler, let next = skips.last else { return h }
        return try resampler(h.upsampledNearest(height: next.size(2), width: next.size(3)))
    }
}
