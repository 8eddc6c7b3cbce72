import Testing
import Torch

/// Convolutions that single precision computes by Winograd's method on the host: against direct ones in double
/// precision, value and gradient. Channels are multiples of 32 and maps large, which is where it is chosen.
@Suite struct WinogradTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var input: [Int]
        var outputs: Int
        var kernel: [Int]
        var padding: [Int]
        var dilation = 1
        var testDescription: String { "\(input) → \(outputs), kernel \(kernel), padding \(padding), \(dilation) apart" }
    }

    static let cases = [
        // Whole tiles; sides that leave 1, 2 and 3 of a tile; a batch whose tiles share a block; no and full padding.
        Case(input: [1, 32, 32, 32], outputs: 32, kernel: [3, 3], padding: [1, 1]),
        Case(input: [2, 32, 33, 30], outputs: 64, kernel: [3, 3], padding: [1, 1]),
        Case(input: [3, 96, 19, 23], outputs: 32, kernel: [3, 3], padding: [1, 1]),
        Case(input: [1, 64, 37, 41], outputs: 32, kernel: [3, 3], padding: [0, 0]),
        Case(input: [1, 32, 31, 35], outputs: 96, kernel: [3, 3], padding: [2, 2]),
        Case(input: [1, 32, 3, 700], outputs: 32, kernel: [3, 3], padding: [1, 1]),
        // Lines: one chunk of taps, two and three; chunks that are not full; dilation, and lengths it does not divide.
        Case(input: [1, 64, 1, 256], outputs: 64, kernel: [1, 3], padding: [0, 1]),
        Case(input: [2, 64, 1, 331], outputs: 96, kernel: [1, 3], padding: [0, 5], dilation: 5),
        Case(input: [1, 32, 1, 1000], outputs: 32, kernel: [1, 7], padding: [0, 3]),
        Case(input: [2, 64, 1, 257], outputs: 32, kernel: [1, 7], padding: [0, 9], dilation: 3),
        Case(input: [1, 32, 1, 2049], outputs: 64, kernel: [1, 11], padding: [0, 25], dilation: 5),
        Case(input: [1, 64, 1, 130], outputs: 64, kernel: [1, 11], padding: [0, 0]),
        Case(input: [1, 32, 1, 90], outputs: 32, kernel: [1, 8], padding: [0, 7]),
    ]

    private struct Layer {
        let x, weight, bias, cotangent: Tensor

        init(_ c: Case) throws {
            let generator = try Generator(seed: 7)
            x = try generator.normal(c.input)
            let taps = c.kernel[0] * c.kernel[1]
            weight =
                try generator.normal([c.outputs, c.input[1]] + c.kernel)
                * (1 / Double(c.input[1] * taps).squareRoot())
            bias = try generator.normal([c.outputs])
            let shape = try Layer.apply(c, x, weight, bias, .float64).shape
            cotangent = try generator.normal(shape)
        }

        static func apply(_ c: Case, _ x: Tensor, _ weight: Tensor, _ bias: Tensor, _ dtype: DType) throws -> Tensor {
            try x.to(dtype).conv(
                weight.to(dtype), bias.to(dtype), stride: [1, 1], padding: c.padding, dilation: [1, c.dilation])
        }

        func value(_ c: Case, _ dtype: DType) throws -> Tensor { try Layer.apply(c, x, weight, bias, dtype) }

        func gradient(_ c: Case, _ dtype: DType) throws -> Tensor {
            let leaf = try x.to(dtype).leaf()
            let y = try Layer.apply(c, leaf, weight, bias, dtype)
            return try Autograd.gradients(of: (y * cotangent.to(dtype)).sum(), [leaf])[0]
        }
    }

    private func relative(_ x: Tensor, _ truth: Tensor) throws -> Double {
        let difference = try (x.to(.float64) - truth).square().sum().item()
        return try (difference / truth.square().sum().item()).squareRoot()
    }

    @Test("value and gradient are those of a direct convolution in double precision", arguments: cases)
    func agrees(_ c: Case) throws {
        let layer = try Layer(c)
        #expect(try relative(layer.value(c, .float32), layer.value(c, .float64)) < 3e-6)
        #expect(try relative(layer.gradient(c, .float32), layer.gradient(c, .float64)) < 3e-6)
    }

    /// Rounding tells the methods apart: a further channel of zeros, with which the channels are no whole vectors, makes
    /// the convolution a direct one.
    @Test("Winograd's method is what these cases are computed by, where the processor can", arguments: cases)
    func isChosen(_ c: Case) throws {
        guard ["AVX2", "AVX512"].contains(TorchRuntime.cpuCapability) else { return }
        let layer = try Layer(c)
        let truth = try layer.value(c, .float64)
        var (wider, none) = (c, c.input)
        wider.input[1] += 1
        none[1] = 1
        let direct = try Layer.apply(
            wider, Tensor.cat([layer.x, Tensor.zeros(none)], 1),
            Tensor.cat([layer.weight, Tensor.zeros([c.outputs, 1] + c.kernel)], 1), layer.bias, .float32)
        let (chosen, other) = (try relative(layer.value(c, .float32), truth), try relative(direct, truth))
        #expect(chosen > 1.5 * other)
    }

    /// bf16 is read and written, and single precision lies between: no worse than one rounding of the exact sum.
    @Test("in bf16 the result is the exact sum of the rounded numbers, rounded once", arguments: cases)
    func halves(_ c: Case) throws {
        let layer = try Layer(c)
        let (x, weight, bias) = (
            try layer.x.to(.bfloat16), try layer.weight.to(.bfloat16), try layer.bias.to(.bfloat16)
        )
        let truth = try Layer.apply(c, x, weight, bias, .float64)
        let error = try relative(Layer.apply(c, x, weight, bias, .bfloat16), truth)
        // Rounding to eight bits costs at most 2⁻⁹ of a number, in the mean square half of that.
        #expect(error < 0x1p-9)
        #expect(try error > relative(truth.to(.bfloat16), truth) * 0.99)
    }

    @Test("what is not a number stays so in bf16")
    func notANumber() throws {
        let c = Self.cases[0]
        let layer = try Layer(c)
        let x = try (layer.x * Double.nan).to(.bfloat16)
        let y = try Layer.apply(c, x, layer.weight.to(.bfloat16), layer.bias.to(.bfloat16), .bfloat16)
        #expect(try !y.isFinite())
    }

    @Test("row-major or channels innermost, and a weight in either order: the same bits", arguments: cases)
    func sameBits(_ c: Case) throws {
        let layer = try Layer(c)
        let first = try layer.value(c, .float32)
        let moved = try Layer.apply(c, layer.x.channelsLast(), layer.weight.channelsLast(), layer.bias, .float32)
        #expect(try (first - moved).maxAbs() == 0)
    }
}
