import Testing
import Torch

/// Every layer in double precision: value and gradients against torch, gradients against finite differences, and the
/// value with a gradient recorded against the value without.
@Suite struct LayerTests {
    typealias Case = TorchGoldens.LayerCase

    @Test func everyKindIsThere() {
        let kinds = Set(TorchGoldens.all.layers.map(\.kind))
        #expect(
            kinds.isSuperset(of: ["conv", "transposed", "groupNorm", "leakyReLU", "layerNorm", "attention", "gelu"]))
        #expect(kinds.isSuperset(of: ["unfold", "spectrum", "bilinear", "nearest", "edge", "linear", "matmul"]))
        #expect(TorchGoldens.all.layers.count > 50)
    }

    @Test(arguments: TorchGoldens.all.layers) func agreesWithTorch(_ item: Case) throws {
        let inputs = try random(item.inputs, item.seed)
        let weights = try random(item.weights, item.seed + 100)
        let plain = try apply(item, inputs, weights)
        #expect(plain.shape == item.shape)
        #expect(try item.y.difference(plain) < 1e-10)
        #expect(!plain.requiresGrad)

        let leaves = try inputs.map { try $0.leaf() }
        let y = try apply(item, leaves, weights)
        #expect(y.requiresGrad)
        #expect(try (y.detached() - plain).maxAbs() < 1e-13, "the recorded layer computes something else")
        let w = try random([item.shape], item.seed + 200)[0]
        let gradients = try Autograd.gradients(of: (y * w).sum(), leaves)
        for (place, gradient) in gradients.enumerated() {
            #expect(gradient.shape == item.inputs[place])
            #expect(try item.gradients[place].difference(gradient) < 1e-9, "input \(place)")
        }
    }

    /// `(L(x + h·d) − L(x − h·d)) / 2h` along a random direction `d`.
    @Test(arguments: TorchGoldens.all.layers) func gradientIsTheSlope(_ item: Case) throws {
        let inputs = try random(item.inputs, item.seed)
        let weights = try random(item.weights, item.seed + 100)
        let directions = try random(item.inputs, item.seed + 300)
        let w = try random([item.shape], item.seed + 200)[0]
        func loss(at h: Double) throws -> Double {
            let moved = try zip(inputs, directions).map { try $0.adding($1, scaledBy: h) }
            return try (apply(item, moved, weights) * w).sum().item()
        }
        let leaves = try inputs.map { try $0.leaf() }
        let gradients = try Autograd.gradients(of: (apply(item, leaves, weights) * w).sum(), leaves)
        let along = try zip(gradients, directions).reduce(0) { try $0 + ($1.0 * $1.1).sum().item() }
        let h = 1e-6
        let slope = try (loss(at: h) - loss(at: -h)) / (2 * h)
        #expect(abs(slope - along) < 2e-6 * max(1, abs(along)), "finite difference \(slope), gradient \(along)")
    }

    /// Channels innermost in memory: another kernel, the same numbers.
    @Test(arguments: [false, true]) func channelsLastChangesNothing(silu: Bool) throws {
        let x = try random([[2, 8, 6, 5]], 1)[0]
        let w = try random([[8], [8], [4, 8, 3, 3]], 2)
        func run(_ x: Tensor) throws -> Tensor {
            try x.groupNorm(4, w[0], w[1], eps: 1e-6, silu: silu)
                .conv(w[2], nil, stride: [2, 2], padding: [1, 1], dilation: [1, 1])
        }
        let (a, b) = (try x.leaf(), try x.channelsLast().leaf())
        #expect(!b.isContiguous)
        let (first, second) = (try run(a), try run(b))
        #expect(try (first.detached() - second.detached()).maxAbs() < 1e-12)
        let gradients = try (
            Autograd.gradients(of: first.square().sum(), [a]), Autograd.gradients(of: second.square().sum(), [b])
        )
        #expect(try (gradients.0[0] - gradients.1[0]).maxAbs() < 1e-11)
    }

    /// The gradient of a frozen layer in half the precision is of that precision too.
    @Test(arguments: [DType.bfloat16, .float16, .float32]) func lowerPrecisionStaysClose(_ dtype: DType) throws {
        let x = try random([[1, 4, 9]], 5)[0]
        let weights = try random([[4, 4, 3], [4], [4], [4]], 6)
        func run(_ dtype: DType) throws -> Tensor {
            let leaf = try x.to(dtype).leaf()
            let w = try weights.map { try $0.to(dtype) }
            let y = try leaf.conv(w[0], w[1], stride: [1], padding: [1], dilation: [1]).leakyReLU(0.1)
                .groupNorm(2, w[2], w[3], eps: 1e-5, silu: true)
            #expect(y.dtype == dtype)
            let gradient = try Autograd.gradients(of: y.square().sum(), [leaf])[0]
            #expect(gradient.dtype == dtype)
            return try gradient.to(.float64)
        }
        let exact = try run(.float64)
        let limit = dtype == .bfloat16 ? 0.1 : dtype == .float16 ? 0.02 : 1e-5
        #expect(try (run(dtype) - exact).maxAbs() < limit * exact.maxAbs())
    }

    // MARK: - Parts

    private func random(_ shapes: [[Int]], _ seed: UInt64) throws -> [Tensor] {
        try shapes.enumerated().map { try Generator(seed: seed + UInt64($0)).normal($1, dtype: .float64) }
    }

    private func apply(_ c: Case, _ x: [Tensor], _ w: [Tensor]) throws -> Tensor {
        switch c.kind {
        case "conv":
            try x[0].conv(
                w[0], w.count > 1 ? w[1] : nil, stride: #require(c.stride), padding: #require(c.padding),
                dilation: #require(c.dilation))
        case "transposed":
            try x[0].convTranspose(w[0], w[1], stride: #require(c.stride), padding: #require(c.padding))
        case "groupNorm":
            try x[0].groupNorm(#require(c.groups), w[0], w[1], eps: #require(c.eps), silu: c.silu == true)
        case "layerNorm": try x[0].layerNorm(w[0], w[1], eps: #require(c.eps))
        case "leakyReLU": try x[0].leakyReLU(#require(c.slope))
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
        case "clamp": try x[0].clamped(#require(c.low), #require(c.high))
        case "normalized": try x[0].normalized()
        case "linear": try x[0].linear(w[0], w[1])
        case "matmul": try x[0].matmul(x[1])
        case "attention":
            try Tensor.attention(x[0], x[1], x[2], mask: w.first, causal: c.causal == true)
        case "unfold": try x[0].unfold(1, size: #require(c.size), step: #require(c.step))
        case "spectrum":
            try centred(x[0].unfold(1, size: #require(c.size), step: #require(c.step)))
                .powerSpectrum(length: #require(c.length))
        case "edge": try x[0].paddedWithEdge(before: #require(c.padding)[0], after: #require(c.padding)[1])
        case "nearest": try x[0].upsampledNearest(height: #require(c.height), width: #require(c.width))
        case "bilinear":
            try x[0].resizedBilinear(
                height: #require(c.height), width: #require(c.width), antialias: c.antialias == true)
        default: throw UnknownKind(kind: c.kind)
        }
    }

    private func centred(_ x: Tensor) throws -> Tensor { try x - x.mean([2], keep: true) }

    private struct UnknownKind: Error { let kind: String }
}
