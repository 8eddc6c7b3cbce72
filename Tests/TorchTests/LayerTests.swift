import Goldens
import Testing
import Torch

/// Every layer in double precision: value and gradients against torch, gradients against finite differences, and the
/// value with a gradient recorded against the value without.
@Suite struct LayerTests {
    @Test func everyKindIsThere() {
        let kinds = Set(TorchGoldens.all.layers.map(\.kind))
        #expect(
            kinds.isSuperset(of: ["conv", "transposed", "groupNorm", "leakyReLU", "layerNorm", "attention", "gelu"]))
        #expect(kinds.isSuperset(of: ["unfold", "spectrum", "bilinear", "nearest", "edge", "linear", "matmul"]))
        #expect(TorchGoldens.all.layers.count > 50)
    }

    @Test(arguments: TorchGoldens.all.layers) func agreesWithTorch(_ item: LayerCase) throws {
        let inputs = try item.drawInputs()
        let weights = try item.drawWeights()
        let plain = try item.apply(inputs, weights)
        #expect(plain.shape == item.shape)
        #expect(try item.y.difference(plain) < 1e-10)
        #expect(!plain.requiresGrad)

        let leaves = try inputs.map { try $0.leaf() }
        let y = try item.apply(leaves, weights)
        #expect(y.requiresGrad)
        #expect(try (y.detached() - plain).maxAbs() < 1e-13, "the recorded layer computes something else")
        let w = try item.drawCotangent()
        let gradients = try Autograd.gradients(of: (y * w).sum(), leaves)
        for (place, gradient) in gradients.enumerated() {
            #expect(gradient.shape == item.inputs[place])
            #expect(try item.gradients[place].difference(gradient) < 1e-9, "input \(place)")
        }
    }

    /// `(L(x + h·d) − L(x − h·d)) / 2h` along a random direction `d`.
    @Test(arguments: TorchGoldens.all.layers) func gradientIsTheSlope(_ item: LayerCase) throws {
        let inputs = try item.drawInputs()
        let weights = try item.drawWeights()
        let directions = try item.drawDirections()
        let w = try item.drawCotangent()
        func loss(at h: Double) throws -> Double {
            let moved = try zip(inputs, directions).map { try $0.adding($1, scaledBy: h) }
            return try (item.apply(moved, weights) * w).sum().item()
        }
        let leaves = try inputs.map { try $0.leaf() }
        let gradients = try Autograd.gradients(of: (item.apply(leaves, weights) * w).sum(), leaves)
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

    private func random(_ shapes: [[Int]], _ seed: UInt64) throws -> [Tensor] {
        try shapes.enumerated().map { try Generator(seed: seed + UInt64($0)).normal($1, dtype: .float64) }
    }
}
