package import Torch

/// One layer of `units/torch.json`, in double precision as torch itself computes it. Inputs and weights come from seeds, the gradient
/// is that of `Σ y·w` for a random `w`.
package struct LayerCase: Decodable, Sendable {
    package let name: String
    package let kind: String
    package let seed: UInt64
    /// The shapes of the inputs, and likewise of the weights.
    package let inputs: [[Int]]
    package let weights: [[Int]]
    /// The shape of the result.
    package let shape: [Int]
    package let y: ThinnedNumbers
    package let gradients: [ThinnedNumbers]
    private let stride: [Int]?
    private let padding: [Int]?
    private let dilation: [Int]?
    private let groups: Int?
    private let eps: Double?
    private let silu: Bool?
    private let slope: Double?
    private let low: Double?
    private let high: Double?
    private let causal: Bool?
    private let size: Int?
    private let step: Int?
    private let length: Int?
    private let height: Int?
    private let width: Int?
    private let antialias: Bool?

    /// The layer's inputs, in double precision.
    package func drawInputs() throws -> [Tensor] { try draw(inputs, seed) }

    /// Its weights, in double precision.
    package func drawWeights() throws -> [Tensor] { try draw(weights, seed + 100) }

    /// What the result is multiplied by for the gradient, in double precision.
    package func drawCotangent() throws -> Tensor { try draw([shape], seed + 200)[0] }

    /// Directions along which its slope can be taken, one for each input.
    package func drawDirections() throws -> [Tensor] { try draw(inputs, seed + 300) }

    private func draw(_ shapes: [[Int]], _ seed: UInt64) throws -> [Tensor] {
        try shapes.enumerated().map { try randn(seed + UInt64($0), $1, dtype: .float64) }
    }

    /// Computes the layer.
    /// - Throws: `TorchError`; ``GoldenError`` for a kind that nobody knows.
    package func apply(_ x: [Tensor], _ w: [Tensor]) throws -> Tensor {
        switch kind {
        case "conv":
            try x[0].conv(
                w[0], w.count > 1 ? w[1] : nil, stride: need(stride, "stride"), padding: need(padding, "padding"),
                dilation: need(dilation, "dilation"))
        case "transposed":
            try x[0].convTranspose(w[0], w[1], stride: need(stride, "stride"), padding: need(padding, "padding"))
        case "groupNorm":
            try x[0].groupNorm(need(groups, "groups"), w[0], w[1], eps: need(eps, "eps"), silu: silu == true)
        case "layerNorm": try x[0].layerNorm(w[0], w[1], eps: need(eps, "eps"))
        case "leakyReLU": try x[0].leakyReLU(need(slope, "slope"))
        case "exp": try x[0].exp()
        case "abs": try x[0].abs()
        case "sin": try x[0].sin()
        case "cos": try x[0].cos()
        case "tanh": try x[0].tanh()
        case "sigmoid": try x[0].sigmoid()
        case "relu": try x[0].relu()
        case "silu": try x[0].silu()
        case "gelu": try x[0].gelu()
        case "square": try x[0].square()
        case "logsqrt": try (x[0].square() + 0.5).sqrt().log()
        case "clamp": try x[0].clamped(need(low, "low"), need(high, "high"))
        case "normalized": try x[0].normalized()
        case "linear": try x[0].linear(w[0], w[1])
        case "matmul": try x[0].matmul(x[1])
        case "attention":
            try Tensor.attention(x[0], x[1], x[2], mask: w.first, causal: causal == true)
        case "unfold": try x[0].unfold(1, size: need(size, "size"), step: need(step, "step"))
        case "spectrum":
            try centred(x[0].unfold(1, size: need(size, "size"), step: need(step, "step")))
                .powerSpectrum(length: need(length, "length"))
        case "edge": try x[0].paddedWithEdge(before: need(padding, "padding")[0], after: need(padding, "padding")[1])
        case "nearest": try x[0].upsampledNearest(height: need(height, "height"), width: need(width, "width"))
        case "bilinear":
            try x[0].resizedBilinear(
                height: need(height, "height"), width: need(width, "width"), antialias: antialias == true)
        default: throw GoldenError.unreadable(path: "units/torch.json", reason: "a layer of an unknown kind, \(kind)")
        }
    }

    private func need<T>(_ value: T?, _ field: String) throws(GoldenError) -> T {
        guard let value else {
            throw .unreadable(path: "units/torch.json", reason: "the layer '\(name)' has no `\(field)`")
        }
        return value
    }

    private func centred(_ x: Tensor) throws -> Tensor { try x - x.mean([2], keep: true) }
}

/// What is in `units/torch.json` beside layers is read by those who compare it.
package struct LayerCases: Decodable, Sendable {
    package let layers: [LayerCase]
}

/// Every `step`-th of `count` numbers.
package struct ThinnedNumbers: Decodable, Sendable {
    package let count: Int
    package let step: Int
    package let values: [Double]

    /// The largest difference, relative to the largest golden value or to 1; infinite where one of ours is no number.
    /// - Throws: ``GoldenError/size(name:shape:kept:golden:)``; `TorchError`.
    package func difference(_ tensor: Tensor) throws -> Double {
        let all = try tensor.doubles()
        let kept = Swift.stride(from: 0, to: all.count, by: max(step, 1)).map { all[$0] }
        guard all.count == count, kept.count == values.count else {
            throw GoldenError.size(name: "numbers", shape: tensor.shape, kept: kept.count, golden: values.count)
        }
        let scale = max(1, values.map(abs).max() ?? 0)
        return Difference.largest(kept, to: values) { _ in scale }
    }
}
