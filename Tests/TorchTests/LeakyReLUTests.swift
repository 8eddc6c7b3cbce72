import Testing
import Torch

/// Leaky ReLU with its gradient in one pass each.
@Suite struct LeakyReLUTests {
    /// More than a chunk of work, and no multiple of a vector.
    private static let count = 200_003

    private static func numbers(_ dtype: DType) throws -> Tensor {
        let special = try Tensor(
            [0, -0.0, .nan, .infinity, -.infinity, 0x1p-140, -0x1p-140, 3e38] as [Float], shape: [8])
        return try Tensor.cat([special, try Generator(seed: 3).normal([count - 8])], 0).to(dtype)
    }

    /// Bit for bit; a number that is none may have other bits.
    private static func isSame(_ a: Tensor, _ b: Tensor) throws -> Bool {
        try a.shape == b.shape
            && zip(a.floats(), b.floats()).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
    }

    @Test("recorded or not, the values are the same", arguments: [DType.float32, .bfloat16])
    func value(_ dtype: DType) throws {
        let x = try Self.numbers(dtype)
        #expect(try Self.isSame(x.leaf().leakyReLU(0.1).detached(), x.leakyReLU(0.1)))
    }

    @Test(
        "the gradient is passed where the input is above 0, and scaled elsewhere",
        arguments: [DType.float32, .bfloat16])
    func gradient(_ dtype: DType) throws {
        let x = try Self.numbers(dtype)
        let cotangent = try Generator(seed: 4).normal([Self.count]).to(dtype)
        let leaf = try x.leaf()
        let gradient = try Autograd.gradients(of: (leaf.leakyReLU(0.1) * cotangent).sum(), [leaf])[0]
        let scaled = try (cotangent * 0.1).floats()
        let expected = try zip(x.floats(), zip(cotangent.floats(), scaled)).map { $0 > 0 ? $1.0 : $1.1 }
        #expect(try Self.isSame(gradient, Tensor(expected, shape: [Self.count])))
    }

    @Test("a gradient that lies otherwise than the input did is the same")
    func otherLayout() throws {
        let x = try Generator(seed: 5).normal([2, 3, 5, 7])
        func gradient(_ cotangent: Tensor) throws -> Tensor {
            let leaf = try x.channelsLast().leaf()
            return try Autograd.gradients(of: (leaf.leakyReLU(0.1) * cotangent).sum(), [leaf])[0]
        }
        let cotangent = try Generator(seed: 6).normal([2, 3, 5, 7])
        #expect(try Self.isSame(gradient(cotangent), gradient(cotangent.channelsLast())))
    }
}
