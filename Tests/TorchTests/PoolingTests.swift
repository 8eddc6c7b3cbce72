import Testing
import Torch

/// Batch normalisation and pooling against their definitions.
@Suite struct PoolingTests {
    private func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
        try Generator(seed: seed).normal(shape, dtype: .float64)
    }

    /// What `fold` makes of the elements under each place of a kernel, over the last three dimensions of `[1, C, T, H, W]`.
    private func pooled(
        _ x: Tensor, kernel: [Int], stride: [Int], padding: [Int], counts: [Int], _ fold: ([Double]) -> Double
    ) throws -> [Double] {
        let (shape, all) = (x.shape, try x.doubles())
        var results: [Double] = []
        for channel in 0..<shape[1] {
            for t in 0..<counts[0] {
                for h in 0..<counts[1] {
                    for w in 0..<counts[2] {
                        var window: [Double] = []
                        let first = zip([t, h, w], zip(stride, padding)).map { $0 * $1.0 - $1.1 }
                        for i in first[0]..<first[0] + kernel[0] where 0..<shape[2] ~= i {
                            for j in first[1]..<first[1] + kernel[1] where 0..<shape[3] ~= j {
                                for k in first[2]..<first[2] + kernel[2] where 0..<shape[4] ~= k {
                                    window.append(all[((channel * shape[2] + i) * shape[3] + j) * shape[4] + k])
                                }
                            }
                        }
                        results.append(fold(window))
                    }
                }
            }
        }
        return results
    }

    @Test(
        "the largest value under each place of a kernel, the last reaching over the edge",
        arguments: [
            ([1, 3, 3], [1, 2, 2], [0, 0, 0], [4, 3, 4], [4, 6, 8]),
            ([1, 3, 3], [1, 2, 2], [0, 1, 1], [3, 4, 3], [3, 7, 5]),
            ([3, 3, 3], [1, 1, 1], [1, 1, 1], [4, 5, 6], [4, 5, 6]),
            ([2, 2, 2], [2, 2, 2], [0, 0, 0], [3, 2, 4], [5, 4, 7]),
        ])
    func largest(_ kernel: [Int], _ stride: [Int], _ padding: [Int], _ counts: [Int], _ size: [Int]) throws {
        let x = try random([1, 2] + size, 1)
        let y = try x.maxPool(kernel, stride: stride, padding: padding)
        #expect(y.shape == [1, 2] + counts)
        let expected = try pooled(
            x, kernel: kernel, stride: stride, padding: padding, counts: counts, { $0.max() ?? .nan })
        #expect(try y.doubles() == expected)
    }

    @Test("pooling over two dimensions is pooling over three with one frame")
    func pictures() throws {
        let x = try random([2, 3, 7, 10], 2)
        let frames = try x.unsqueeze(2)
        #expect(
            try x.maxPool([3, 2], stride: [2, 2], padding: [1, 0]).doubles()
                == frames.maxPool([1, 3, 2], stride: [1, 2, 2], padding: [0, 1, 0]).doubles())
        #expect(
            try x.averagePool([2, 2], stride: [2, 2]).doubles()
                == frames.averagePool([1, 2, 2], stride: [1, 2, 2]).doubles())
    }

    @Test("the mean under each place of a kernel, and what is left over is not looked at")
    func means() throws {
        let x = try random([1, 2, 3, 7, 9], 3)
        let y = try x.averagePool([2, 3, 4], stride: [1, 2, 3])
        #expect(y.shape == [1, 2, 2, 3, 2])
        let expected = try pooled(
            x, kernel: [2, 3, 4], stride: [1, 2, 3], padding: [0, 0, 0], counts: [2, 3, 2],
            { $0.reduce(0, +) / Double($0.count) })
        for (a, b) in zip(try y.doubles(), expected) { #expect(abs(a - b) < 1e-12) }
    }

    @Test("each channel is normalised by what is given", arguments: [[2, 3, 5], [2, 3, 4, 5], [1, 3, 2, 3, 4]])
    func batchNorm(shape: [Int]) throws {
        let x = try random(shape, 4)
        let parts = try (0..<4).map { try random([3], 5 + UInt64($0)) }
        let (mean, weight, bias) = (parts[0], parts[1], parts[2])
        let variance = try parts[3].square() + 0.1
        let column = [1, 3] + [Int](repeating: 1, count: shape.count - 2)
        let expected =
            try (x - mean.reshape(column)) / (variance + 1e-3).sqrt().reshape(column)
            * weight.reshape(column) + bias.reshape(column)
        let y = try x.batchNorm(mean: mean, variance: variance, weight, bias, eps: 1e-3)
        #expect(try (y - expected).maxAbs() < 1e-12)
        let positive = try x.batchNorm(mean: mean, variance: variance, weight, bias, eps: 1e-3, relu: true)
        #expect(try (positive - expected.relu()).maxAbs() < 1e-12)
    }

    @Test("the largest value along a dimension, and shapes that do not fit are refused")
    func others() throws {
        let x = try Tensor([1, 5, -2, 7, 0, 3] as [Float], shape: [2, 3])
        #expect(try x.maximum(1).floats() == [5, 7])
        #expect(try x.maximum(0, keep: true).shape == [1, 3])
        #expect(throws: TorchError.self) { try x.maxPool([2, 2], stride: [2, 2], padding: [0, 0]) }
        #expect(throws: TorchError.self) { try x.averagePool([2, 2], stride: [2]) }
        #expect(throws: TorchError.self) {
            try random([1, 1, 4, 4], 1).maxPool([2, 2], stride: [2], padding: [0, 0])
        }
        #expect(throws: TorchError.self) { try x.batchNorm(mean: x, variance: x, x, x, eps: 1) }
    }
}
