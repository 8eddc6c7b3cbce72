import Testing
import Torch

/// Whatever does not fit is an error that says what, and the process goes on.
@Suite struct TorchErrorTests {
    private func message(_ body: () throws -> Tensor) -> String {
        do {
            _ = try body()
            Issue.record("no error")
            return ""
        } catch let error as TorchError {
            guard case .refused = error else {
                Issue.record("not a refusal: \(error)")
                return ""
            }
            #expect(!error.isOutOfMemory)
            return error.description
        } catch {
            Issue.record(error)
            return ""
        }
    }

    @Test("shapes that do not fit are an error that names operation and shapes")
    func shapesThatDoNotFit() throws {
        let (a, b) = (try Tensor.zeros([2, 3]), try Tensor.zeros([4, 5]))
        var text = message { try a + b }
        #expect(text.contains("libtorch refused +") && text.contains("(3)") && text.contains("(5)"), "\(text)")
        text = message { try a.matmul(b) }
        #expect(text.contains("matmul") && text.contains("2x3") && text.contains("4x5"), "\(text)")
        text = message { try a.reshape([4, 2]) }
        #expect(text.contains("[4, 2]") && text.contains("6"), "\(text)")
        text = message { try Tensor.cat([a, b], 0) }
        #expect(text.contains("cat"), "\(text)")
        text = message { try a.linear(b) }
        #expect(text.contains("linear"), "\(text)")
        text = message { try Tensor([Float(1), 2, 3], shape: [2, 2]) }
        #expect(text.contains("16 bytes") && text.contains("12"), "\(text)")
        // The message is one for a user, without libtorch's stack.
        #expect(!text.contains("frame #") && !text.contains(".cpp"))
    }

    @Test("a dimension, index or size that is not there is an error")
    func dimensionsThatAreNotThere() throws {
        let x = try Tensor.zeros([2, 3])
        let one = try Tensor.full([3], 1)
        for body: () throws -> Tensor in [
            { try x.narrow(0, from: 1, count: 2) }, { try x.narrow(5, from: 0, count: 1) },
            { try x.select(1, Tensor([Int64(3)], shape: [1])) },
            { try x.select(1, Tensor([Int64(-1)], shape: [1])) }, { try x.permute([0, 0]) }, { try x.permute([0]) },
            { try x.transpose(0, 2) },
            { try x.transpose(-3, 0) }, { try x.unsqueeze(7) }, { try x.squeeze(4) }, { try x.expand([2, 4]) },
            { try x.unfold(1, size: 4, step: 1) }, { try x.unfold(1, size: 2, step: 0) }, { try x.reshape([-1, -1]) },
            { try x.chunks(2, 1)[0] }, { try x.chunks(0, 1)[0] }, { try x.chunks(2, 9)[0] }, { try x.sum([3]) },
            { try x.mean([0, 0]) }, { try x.norm(2) }, { try x.argmax(-3) },
            { try x.padded([(1, 1), (1, 1), (1, 1)]) },
            { try Tensor.cat([], 0) }, { try Tensor.stack([]) }, { try Tensor.zeros([2, -1]) },
            { try Tensor.arange(from: 0, to: 1, step: 0) }, { try x.groupNorm(2, one, one, eps: 1e-5) },
            { try x.layerNorm(Tensor.zeros([2]), Tensor.zeros([2]), eps: 1e-5) },
            { try Tensor.embedding(x, Tensor([Int64(2)], shape: [1])) },
            { try Tensor.embedding(x, Tensor([Int64(-1)], shape: [1])) },
            { try Tensor.embedding(x, x) }, { try x.upsampledNearest(height: 2, width: 2) },
            { try x.unsqueeze(0).unsqueeze(0).resizedBilinear(height: 0, width: 2, antialias: false) },
            { try Tensor.attention(x, x, one) }, { try x.powerSpectrum(length: 0) }, { try x.channelsLast() },
            { try x.to(device: .cuda(77)) },
        ] {
            #expect(!message(body).isEmpty)
        }
        #expect(throws: TorchError.self) { try x.item() }
        #expect(try (x + 1).sum().item() == 6)
    }

    @Test("a convolution whose shapes or parameters do not fit is an error, and no crash")
    func convolutions() throws {
        let x = try Tensor.zeros([1, 2, 5])
        let weight = try Tensor.zeros([3, 2, 3])
        func conv(_ x: Tensor, _ weight: Tensor, stride: [Int] = [1], padding: [Int] = [0], dilation: [Int] = [1])
            throws
            -> Tensor
        { try x.conv(weight, nil, stride: stride, padding: padding, dilation: dilation) }
        for record in [false, true] {
            let x = record ? try x.leaf() : x
            for body: () throws -> Tensor in [
                { try conv(x, Tensor.zeros([3, 4, 3])) }, { try conv(x, Tensor.zeros([3, 2, 9])) },
                { try conv(x, weight, stride: [0]) }, { try conv(x, weight, padding: [-1]) },
                { try conv(x, weight, dilation: [0]) }, { try conv(x.reshape([2, 5]), weight) },
                { try conv(x, Tensor.zeros([3, 2, 3, 3])) },
                { try conv(x, weight, stride: [1, 1], padding: [0, 0], dilation: [1, 1]) },
                { try conv(x, weight, padding: []) }, { try conv(x, weight, stride: [1, 1]) },
                { try conv(x, weight, dilation: []) },
                { try x.conv(weight, Tensor.zeros([4]), stride: [1], padding: [0], dilation: [1]) },
                { try x.convTranspose(weight, nil, stride: [1], padding: [0]) },
                { try x.convTranspose(Tensor.zeros([2, 3, 3]), nil, stride: [0], padding: [0]) },
            ] {
                #expect(!message(body).isEmpty)
            }
        }
        let text = message { try conv(x, weight, padding: [1, 1]) }
        #expect(text.contains("stride [1], padding [1, 1]"), "\(text)")
    }

    @Test("a group norm of an empty tensor is an error that says so")
    func groupNormOfNothing() throws {
        let ones = try Tensor.full([4], 1)
        for shape in [[0, 4, 3], [2, 4, 0]] {
            let x = try Tensor.zeros(shape).leaf()
            #expect(message { try x.groupNorm(2, ones, ones, eps: 1e-5, silu: true) }.contains("empty"))
        }
    }

    // MARK: - Memory

    @Test func absurdAllocationIsOutOfMemory() throws {
        for _ in 0..<3 {
            do {
                _ = try Tensor.zeros([1 << 50])
                Issue.record("4 PiB were given")
            } catch {
                #expect(error.isOutOfMemory, "\(error)")
                #expect(error.description.contains("smaller batch"))
            }
            let x = try Tensor.full([1000, 1000], 2)
            #expect(try x.matmul(x).maxAbs() == 4000)
        }
    }

    @Test func everyOperationThatAllocatesReportsIt() throws {
        let one = try Tensor.full([1, 1], 1)
        let wide = try one.expand([1 << 25, 1 << 25])
        #expect(wide.count == 1 << 50)
        for body: () throws -> Tensor in [
            { try wide + 1 }, { try wide.contiguous() }, { try wide.exp() }, { try wide.to(.float64) },
            { try wide.clone() }, { try one.repeated([1 << 25, 1 << 25]) },
            { try Generator(seed: 1).normal([1 << 50]) },
            { try one.padded([(0, 1 << 50)]) }, { try Tensor.arange(to: 0x1p50) },
            {
                try Autograd.recomputing([one.leaf()]) { x throws(TorchError) in try x[0].repeated([1 << 25, 1 << 25]) }
            },
        ] {
            do {
                _ = try body()
                Issue.record("4 PiB were given")
            } catch let error as TorchError {
                #expect(error.isOutOfMemory, "\(error)")
            }
        }
        #expect(try one.sum().item() == 1)
    }

    /// Beyond what an address can hold it is not memory that lacks.
    @Test func sizesThatOverflowAreRefused() {
        #expect(!message { try Tensor.zeros([1 << 40, 1 << 40]) }.isEmpty)
        #expect(!message { try Tensor([Float](), shape: [.max, 4]) }.isEmpty)
    }

    @Test("a thread count of zero is refused, and the library tells its threads and version")
    func threadCounts() throws {
        #expect(throws: TorchError.self) { try TorchRuntime.configure(threads: 0) }
        #expect(TorchRuntime.threads >= 1)
        #expect(TorchRuntime.version.contains("."))
        #expect(!TorchRuntime.cpuCapability.isEmpty)
    }
}
