import Testing
import Torch

/// Counts against those that one makes by hand.
@Suite("counting operations") struct OperationCounterTests {
    private func counts(_ body: () throws -> Void) throws -> OperationCounts {
        try OperationCounter.start()
        var result: Result<Void, any Error> = .success(())
        do { try body() } catch { result = .failure(error) }
        let counts = try OperationCounter.stop()
        try result.get()
        return counts
    }

    private func normal(_ shape: [Int], _ dtype: DType = .float32) throws -> Tensor {
        try Generator(seed: 1).normal(shape).to(dtype)
    }

    @Test("a product has 2 · rows · inner · columns operations, and reads and writes each matrix once")
    func product() throws {
        let (a, b) = (try normal([5, 7]), try normal([7, 3]))
        let counted = try counts { _ = try a.matmul(b) }
        #expect(counted.productFlops == 2 * 5 * 7 * 3)
        #expect((counted.convolutionFlops, counted.attentionFlops, counted.operations) == (0, 0, 1))
        #expect(counted.bytes == 4 * (5 * 7 + 7 * 3 + 5 * 3))
    }

    @Test("a batch of products counts each", arguments: [DType.float32, .float64, .bfloat16])
    func batched(dtype: DType) throws {
        let (a, b) = (try normal([4, 5, 7], dtype), try normal([4, 7, 3], dtype))
        #expect(try counts { _ = try a.matmul(b) }.productFlops == 4 * 2 * 5 * 7 * 3)
    }

    @Test(
        "a linear layer and the gradient of its input cost a product each",
        arguments: [DType.float32, .float64, .bfloat16])
    func linear(dtype: DType) throws {
        let (weight, bias) = (try normal([3, 7], dtype), try normal([3], dtype))
        let x = try normal([2, 5, 7], dtype)
        let plain = try counts { _ = try x.linear(weight, bias) }
        #expect(plain.productFlops == 2 * (2 * 5) * 7 * 3)
        let leaf = try x.leaf()
        let both = try counts { _ = try Autograd.gradients(of: leaf.linear(weight, bias).sum(), [leaf]) }
        #expect(both.productFlops == 2 * plain.productFlops)
    }

    @Test(
        "a convolution costs its kernel at each position, and its input's gradient the same",
        arguments: [(1, DType.float32), (2, .float32), (1, .float64), (2, .bfloat16)])
    func convolution(stride: Int, dtype: DType) throws {
        let (weight, bias) = (try normal([6, 4, 3, 3], dtype), try normal([6], dtype))
        let leaf = try normal([2, 4, 9, 8], dtype).leaf()
        let one = [1, 1]
        let positions = stride == 1 ? 9 * 8 : 5 * 4
        let expected = 2 * 2 * positions * 6 * 4 * 9
        let plain = try counts {
            _ = try leaf.detached().conv(weight, bias, stride: [stride, stride], padding: one, dilation: one)
        }
        #expect(plain.convolutionFlops == expected)
        #expect(plain.operations == 1)
        #expect(plain.bytes == dtype.byteCount * (2 * 4 * 9 * 8 + 6 * 4 * 9 + 6 + 2 * 6 * positions))
        let both = try counts {
            let y = try leaf.conv(weight, bias, stride: [stride, stride], padding: one, dilation: one)
            _ = try Autograd.gradients(of: y.sum(), [leaf])
        }
        #expect(both.convolutionFlops == 2 * expected)
    }

    @Test("a transposed convolution costs its kernel at each position of its input")
    func transposed() throws {
        let weight = try normal([4, 3, 8])
        let leaf = try normal([2, 4, 10]).leaf()
        let expected = 2 * 2 * 10 * 4 * 3 * 8
        #expect(
            try counts { _ = try leaf.detached().convTranspose(weight, nil, stride: [4], padding: [2]) }
                .convolutionFlops == expected)
        let both = try counts {
            _ = try Autograd.gradients(of: leaf.convTranspose(weight, nil, stride: [4], padding: [2]).sum(), [leaf])
        }
        #expect(both.convolutionFlops == 2 * expected)
    }

    @Test("attention costs two products, and its gradient five of its kernel or four that are counted as products")
    func attention() throws {
        let leaves = try [5, 6, 6].map { try normal([2, 3, $0, 16]).leaf() }
        let one = 2 * (2 * 3) * 5 * 6 * 16
        let plain = try counts {
            _ = try Tensor.attention(leaves[0].detached(), leaves[1].detached(), leaves[2].detached())
        }
        #expect(plain.attentionFlops == 2 * one)
        #expect((plain.operations, plain.productFlops) == (1, 0))
        #expect(plain.bytes == 4 * (2 * 3 * 16) * (5 + 6 + 6 + 5))
        let both = try counts {
            let y = try Tensor.attention(leaves[0], leaves[1], leaves[2])
            _ = try Autograd.gradients(of: y.sum(), leaves)
        }
        #expect(
            (both.attentionFlops - 2 * one, both.productFlops) == (5 * one, 0)
                || (both.attentionFlops - 2 * one, both.productFlops) == (0, 4 * one))
    }

    @Test("what works on elements is counted by its bytes, and views are nothing")
    func elements() throws {
        let (a, b) = (try normal([6, 8]), try normal([6, 8]))
        let sum = try counts { _ = try a + b }
        #expect((sum.operations, sum.bytes, sum.productFlops) == (1, 3 * 4 * 48, 0))
        let views = try counts {
            _ = try a.reshape([8, 6]).permute([1, 0]).narrow(0, from: 1, count: 2).unsqueeze(0)
        }
        #expect(views == OperationCounts())
        // Of a row that is repeated by a view only the row is read.
        let row = try normal([1, 8])
        #expect(try counts { _ = try a * row.expand([6, 8]) }.bytes == 4 * (48 + 8 + 48))
        #expect(try counts { _ = try Tensor.cat([a, b], 0) }.bytes == 4 * (48 + 48 + 96))
        #expect(try counts { _ = try a.permute([1, 0]).contiguous() }.bytes == 4 * (48 + 48))
    }

    @Test("a block that is computed again is counted again")
    func recomputed() throws {
        let weight = try normal([7, 7])
        let leaf = try normal([5, 7]).leaf()
        let once = 2 * 5 * 7 * 7
        let counted = try counts {
            let y = try Autograd.recomputing([leaf]) { x throws(TorchError) in try x[0].linear(weight) }
            _ = try Autograd.gradients(of: y.sum(), [leaf])
        }
        #expect(counted.productFlops == 3 * once)
    }

    @Test("nothing is counted before the start or after the stop, and a thread has one count at a time")
    func bounds() throws {
        let a = try normal([4, 4])
        let counted = try counts {
            _ = try a.matmul(a)
            #expect(throws: TorchError.self) { try OperationCounter.start() }
            #expect(OperationCounter.counts.productFlops == 128)
        }
        _ = try a.matmul(a)
        #expect(counted.productFlops == 128)
        #expect(OperationCounter.counts == OperationCounts())
        #expect(try OperationCounter.stop() == OperationCounts())
        #expect(try counts {} == OperationCounts())
    }

    @Test("threads that count at one time do not see each other's operations")
    func threads() async throws {
        let sizes = try await withThrowingTaskGroup { group in
            for size in 2..<10 {
                group.addTask {
                    let a = try Tensor.full([size, size], 1)
                    try OperationCounter.start()
                    for _ in 0..<20 { _ = try a.matmul(a) }
                    return (size, try OperationCounter.stop().productFlops)
                }
            }
            return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
        }
        for (size, flops) in sizes { #expect(flops == 20 * 2 * size * size * size) }
    }

    @Test("counts add up and subtract")
    func arithmetic() throws {
        let a = try normal([4, 4])
        let one = try counts { _ = try a.matmul(a) }
        let two = try counts { _ = try a.matmul(a).matmul(a) }
        #expect(two - one == one && one + one == two)
    }
}
