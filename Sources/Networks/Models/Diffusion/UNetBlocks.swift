internal import Method
internal import Torch

/// What one level of the UNet is made of.
struct UNetLevel: Sendable {
    let resnets: [ResnetBlock2D]
    /// Empty where the level has no attention.
    let attentions: [Transformer2DModel]
    /// The convolution that halves (going down) or follows the doubling (going up); nil at the last level.
    let resampler: Conv2d?

    /// One resnet, its attention where there is one, and its motion module where frames belong together: a piece each.
    func body(
        _ index: Int, _ x: Tensor, time: Tensor, context: Tensor?, motion: MotionLevel?, memory: MemoryPolicy
    ) throws(TorchError) -> Tensor {
        var h = try memory.run(.bulky, [x, time]) { inputs throws(TorchError) in
            try resnets[index](inputs[0], time: inputs[1])
        }
        if !attentions.isEmpty {
            h = try memory.run(.bulky, [h] + (context.map { [$0] } ?? [])) { inputs throws(TorchError) in
                try attentions[index](inputs[0], context: inputs.count > 1 ? inputs[1] : nil)
            }
        }
        guard let motion else { return h }
        return try memory.run(.bulky, [h]) { inputs throws(TorchError) in try motion(index, inputs[0]) }
    }

    /// Going down: the output, and every intermediate that the way up will read.
    func down(
        _ x: Tensor, time: Tensor, context: Tensor?, motion: MotionLevel?, memory: MemoryPolicy
    ) throws(TorchError) -> (Tensor, skips: [Tensor]) {
        var h = x
        var skips: [Tensor] = []
        for index in resnets.indices {
            h = try body(index, h, time: time, context: context, motion: motion, memory: memory)
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
    func up(
        _ x: Tensor, skips: inout [Tensor], time: Tensor, context: Tensor?, motion: MotionLevel?, memory: MemoryPolicy
    ) throws(TorchError) -> Tensor {
        var h = x
        for index in resnets.indices {
            h = try body(
                index, Tensor.cat([h, skips.removeLast()], 1), time: time, context: context, motion: motion,
                memory: memory)
        }
        guard let resampler, let next = skips.last else { return h }
        return try resampler(h.upsampledNearest(height: next.size(2), width: next.size(3)))
    }
}
