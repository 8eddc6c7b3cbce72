internal import Checkpoint
package import Torch

/// AnimeGANv2's generator, which redraws a photograph; with the weights "Paprika" the paper's pictures of I2A were made.
///
/// It enlarges as the TensorFlow original does, in which the weights were trained: even places are the pixels, odd ones the mean of
/// two. The PyTorch port, whose file this is, does that nowhere.
///
/// Source: AnimeGANv2 `net/generator.py`; keys are those of the port's `paprika.pt`.
package struct Paprika: Sendable {
    private let a: [Unit]
    private let b: [Unit]
    private let before: Unit
    private let inverted: [Inverted]
    private let after: Unit
    private let d: [Unit]
    private let e: [Unit]
    private let output: Conv2d

    /// - Throws: `WeightFileError`.
    package init(_ w: WeightScope) throws {
        func unit(_ block: String, _ index: Int, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1) throws
            -> Unit
        {
            let place = w("block_\(block)")(index)
            return try Unit(place(1), place(2), inputs, outputs, kernel: kernel, stride: stride)
        }
        a = try [unit("a", 0, 3, 32, kernel: 7), unit("a", 1, 32, 64, stride: 2), unit("a", 2, 64, 64)]
        b = try [unit("b", 0, 64, 128, stride: 2), unit("b", 1, 128, 128)]
        before = try unit("c", 0, 128, 128)
        inverted = try (1...4).map { try Inverted(w("block_c")($0)("layers"), $0 == 1 ? 128 : 256, 256) }
        after = try unit("c", 5, 256, 128)
        d = try [unit("d", 0, 128, 128), unit("d", 1, 128, 128)]
        e = try [unit("e", 0, 128, 64), unit("e", 1, 64, 64), unit("e", 2, 64, 32, kernel: 7)]
        output = try Conv2d(w("out_layer.0"), 32, 3, kernel: 1, bias: false)
    }

    /// Reads `paprika.pt`.
    /// - Parameter dtype: nil checks keys and shapes and reads no weight.
    /// - Throws: `WeightFileError`.
    package init(path: String, dtype: DType? = .float32, device: Device) throws {
        let store = WeightStore(try WeightFile.open(path), dtype: dtype, device: device)
        try self.init(store.root)
        try store.finish()
    }

    /// - Parameters:
    ///   - x: `[B, 3, H, W]`, −1 … 1, both sides multiples of 4.
    ///   - trace: hears of every block.
    /// - Returns: the same shape, −1 … 1.
    package func callAsFunction(_ x: Tensor, trace: NetworkTrace = { _, _ in }) throws(TorchError) -> Tensor {
        func run(_ units: [Unit], _ x: Tensor) throws(TorchError) -> Tensor {
            var x = x
            for unit in units { x = try unit(x) }
            return x
        }
        var x = try run(a, x)
        trace("block_a", x)
        x = try run(b, x)
        trace("block_b", x)
        x = try before(x)
        for block in inverted { x = try block(x) }
        x = try after(x)
        trace("block_c", x)
        x = try run(d, x.doubled())
        trace("block_d", x)
        x = try run(e, x.doubled())
        trace("block_e", x)
        return try output(x).tanh()
    }

    /// A convolution of the mirrored map, a norm over all of it, and a leaky ReLU.
    private struct Unit: Sendable {
        let conv: Conv2d
        let norm: GroupNorm
        let margin: (before: Int, after: Int)
        let isLinear: Bool

        init(
            _ conv: WeightScope, _ norm: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1,
            groups: Int = 1, bias: Bool = false, isLinear: Bool = false
        ) throws {
            self.conv = try Conv2d(
                conv, inputs, outputs, kernel: kernel, stride: stride, groups: groups, bias: bias)
            self.norm = try GroupNorm(norm, outputs, groups: 1, eps: 1e-5)
            // TensorFlow pads what shrinks on the right and below alone.
            margin = stride == 2 ? (0, 1) : (kernel / 2, kernel / 2)
            self.isLinear = isLinear
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let y = try norm(conv(x.mirrored(margin)))
            return isLinear ? y : try y.leakyReLU(0.2)
        }
    }

    /// Twice as many channels, each by itself, and down again; added to its input where that has as many.
    private struct Inverted: Sendable {
        let expand: Unit
        let depthwise: Unit
        let contract: Unit
        let isResidual: Bool

        init(_ w: WeightScope, _ inputs: Int, _ outputs: Int) throws {
            let inner = 2 * inputs
            expand = try Unit(w(0)(1), w(0)(2), inputs, inner, kernel: 1)
            depthwise = try Unit(w(1)(1), w(1)(2), inner, inner, kernel: 3, groups: inner, bias: true)
            contract = try Unit(w(2), w(3), inner, outputs, kernel: 1, isLinear: true)
            isResidual = inputs == outputs
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let y = try contract(depthwise(expand(x)))
            return isResidual ? try x + y : y
        }
    }
}

extension Tensor {
    /// `[B, C, H, W]` continued on all sides by its mirror image, the edge itself left out.
    fileprivate func mirrored(_ margin: (before: Int, after: Int)) throws(TorchError) -> Tensor {
        guard margin.before + margin.after > 0 else { return self }
        var x = self
        for dimension in [2, 3] {
            let count = size(dimension)
            guard count > max(margin.before, margin.after) else {
                throw .refused(operation: "mirrored", message: "a margin of \(margin) of a map of \(shape)")
            }
            let places = (-margin.before..<count + margin.after).map { place in
                Int64(place < 0 ? -place : place >= count ? 2 * (count - 1) - place : place)
            }
            x = try x.select(dimension, Tensor(places, shape: [places.count]).to(device: device))
        }
        return x
    }

    /// `[B, C, H, W]` twice as large each way: sample i lies at i / 2.
    fileprivate func doubled() throws(TorchError) -> Tensor {
        var x = self
        for dimension in [2, 3] {
            let count = x.size(dimension)
            let next = try Tensor.cat(
                [
                    x.narrow(dimension, from: 1, count: count - 1),
                    x.narrow(dimension, from: count - 1, count: 1),
                ], dimension)
            var shape = x.shape
            shape[dimension] = 2 * count
            x = try Tensor.stack([x, (x + next) * 0.5], dimension + 1).reshape(shape)
        }
        return x
    }
}
