import TestSupport
import Testing
import Torch

@Suite struct TensorTests {
    @Test(arguments: DType.allCases) func everyTypeKeepsSmallNumbers(_ dtype: DType) throws {
        let values: [Double] = dtype == .bool ? [0, 1, 1, 0, 1, 0] : [0, 1, 2, 3, 100, 127]
        let tensor = try Tensor(values, shape: [2, 3]).to(dtype)
        #expect(tensor.dtype == dtype && tensor.shape == [2, 3] && tensor.rank == 2 && tensor.count == 6)
        #expect(try tensor.doubles() == values)
        #expect(try tensor.floats() == values.map(Float.init))
        #expect(try tensor.integers() == values.map(Int64.init))
        #expect(try tensor.bytes().count == 6 * dtype.byteCount)
        #expect(try tensor.narrow(0, from: 1, count: 1).narrow(1, from: 1, count: 1).item() == values[4])
    }

    @Test(arguments: DType.allCases) func bytesAreLittleEndian(_ dtype: DType) throws {
        let expected: [UInt8] =
            switch dtype {
            case .uint8, .int8, .bool: [1]
            case .int16: [1, 0]
            case .int32: [1, 0, 0, 0]
            case .int64: [1, 0, 0, 0, 0, 0, 0, 0]
            case .float16: [0x00, 0x3C]
            case .bfloat16: [0x80, 0x3F]
            case .float32: [0, 0, 0x80, 0x3F]
            case .float64: [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]
            }
        #expect(try Tensor.full([1], 1, dtype: dtype).bytes() == expected)
        #expect(dtype.isFloatingPoint == [.float16, .bfloat16, .float32, .float64].contains(dtype))
    }

    @Test("the extreme values of every type come back from a tensor exactly")
    func extremesSurvive() throws {
        let floats: [Float] = [.greatestFiniteMagnitude, -.leastNonzeroMagnitude, .infinity, -0.0, .pi]
        #expect(try Tensor(floats, shape: [5]).floats().map(\.bitPattern) == floats.map(\.bitPattern))
        let integers: [Int64] = [.max, .min, 0, 1 << 53 + 1]
        #expect(try Tensor(integers, shape: [2, 2]).integers() == integers)
        let doubles = [Double.pi, 1e300, -1e-300]
        #expect(try Tensor(doubles, shape: [3]).doubles() == doubles)
        #expect(try Tensor([UInt8(0), 255], shape: [2]).integers() == [0, 255])
        #expect(try Tensor([Float.nan], shape: [1]).floats()[0].isNaN)
    }

    /// Rounding to half precision, subnormals and overflow included, as torch rounds.
    @Test func halvesRoundAsTorchs() throws {
        let tail = [0, -0.0, 65504, 65520, 1e-8, 6e-8, 3.4e38, -1e-40].map { Float($0 as Double) }
        let x = try Tensor.cat([Generator(seed: 77).normal([200]) * 1000, Tensor(tail, shape: [tail.count])], 0)
        for (name, dtype) in [("float16", DType.float16), ("bfloat16", .bfloat16)] {
            let half = try x.to(dtype)
            #expect(try FNV1a.hex(half.bytes()) == TorchGoldens.all.halves[name])
            // What is once a half stays one.
            #expect(try half.to(.float32).to(dtype).bytes() == half.bytes())
        }
        #expect(try Tensor([Float(65520)], shape: [1]).to(.float16).isFinite() == false)
        #expect(try Tensor([Float(65520)], shape: [1]).to(.bfloat16).isFinite())
    }

    @Test("empty tensors and scalars have the right shape and values")
    func emptyAndScalar() throws {
        let empty = try Tensor([Float](), shape: [0, 3])
        #expect(empty.count == 0 && empty.shape == [0, 3])
        #expect(try empty.floats() == [])
        #expect(try empty.bytes() == [])
        #expect(try empty.maxAbs() == 0)
        #expect(try empty.isFinite())
        let scalar = try Tensor([Float(3)], shape: [])
        #expect(scalar.rank == 0 && scalar.count == 1 && scalar.shape == [])
        #expect(try scalar.item() == 3)
        #expect(scalar.size(0) == 0 && scalar.size(-1) == 0)
    }

    @Test("new tensors hold the numbers they were asked for")
    func making() throws {
        #expect(try Tensor.arange(to: 5).floats() == [0, 1, 2, 3, 4])
        #expect(try Tensor.arange(from: 1, to: 2, step: 0.25, dtype: .float64).doubles() == [1, 1.25, 1.5, 1.75])
        #expect(try Tensor.zeros([2, 2], dtype: .int16).integers() == [0, 0, 0, 0])
        #expect(try Tensor.full([3], -2.5).floats() == [-2.5, -2.5, -2.5])
        #expect(try Tensor.zeros([1]).device == .cpu)
    }

    @Test("NaN and infinity are noticed, and the largest magnitude is found")
    func finiteness() throws {
        #expect(try Tensor([Float(1), 2], shape: [2]).isFinite())
        #expect(try !Tensor([1, Float.nan], shape: [2]).isFinite())
        #expect(try !Tensor([1, -Float.infinity], shape: [2]).isFinite())
        #expect(try Tensor([Float(1), -7, 3], shape: [3]).maxAbs() == 7)
    }

    // MARK: - Shape

    static func numbers(_ shape: [Int]) throws -> Tensor {
        try Tensor.arange(to: Double(shape.reduce(1, *))).reshape(shape)
    }

    @Test("reshaping, slicing and joining give the right shapes and elements")
    func shapes() throws {
        let x = try Self.numbers([2, 3, 4])
        #expect(x.size(-1) == 4 && x.size(0) == 2 && x.size(5) == 0)
        #expect(try x.reshape([4, -1]).shape == [4, 6])
        #expect(try x.permute([2, 0, 1]).shape == [4, 2, 3])
        #expect(try x.permute([2, 0, 1]).floats()[0...6] == [0, 4, 8, 12, 16, 20, 1])
        #expect(try x.transpose(0, -1).floats()[0...2] == [0, 12, 4])
        #expect(try !x.transpose(0, 1).isContiguous)
        #expect(try x.transpose(0, 1).contiguous().isContiguous)
        #expect(try x.unsqueeze(1).shape == [2, 1, 3, 4])
        #expect(try x.unsqueeze(-1).squeeze(-1).shape == x.shape)
        #expect(try x.squeeze(0).shape == x.shape, "only dimensions of size 1 go")
        #expect(try x.narrow(1, from: 1, count: 2).floats()[0...3] == [4, 5, 6, 7])
        #expect(try x.select(2, Tensor([3, 0, 3] as [Int64], shape: [3])).floats()[0...2] == [3, 0, 3])
        #expect(try Self.numbers([1, 3]).expand([4, -1]).shape == [4, 3])
        #expect(try Self.numbers([2]).repeated([2, 3]).floats() == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
        #expect(try Self.numbers([7]).unfold(0, size: 3, step: 2).floats() == [0, 1, 2, 2, 3, 4, 4, 5, 6])
        #expect(try x.chunks(2, -1)[1].floats()[0...1] == [2, 3])
        #expect(try Tensor.cat([x, x], 1).shape == [2, 6, 4])
        #expect(try Tensor.stack([x, x, x], 1).shape == [2, 3, 3, 4])
    }

    @Test("padding adds a constant or the edge, and cuts where it is negative")
    func padding() throws {
        let x = try Self.numbers([2, 2])
        #expect(try x.padded([(1, 0), (0, 1)], with: 9).floats() == [9, 0, 1, 9, 2, 3, 9, 9, 9])
        #expect(try x.padded([(-1, 0)]).floats() == [1, 3])
        #expect(try x.paddedWithEdge(before: 2, after: 1).floats() == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3])
    }

    @Test("reductions run over all dimensions or those named")
    func reductions() throws {
        let x = try Self.numbers([2, 3])
        #expect(try x.sum().item() == 15)
        #expect(try x.sum([0]).floats() == [3, 5, 7])
        #expect(try x.mean([1], keep: true).shape == [2, 1])
        #expect(try x.mean([0, 1]).item() == 2.5)
        #expect(try x.norm(1).floats().map { ($0 * $0).rounded() } == [5, 50])
        #expect(try Tensor([Float(1), 5, 5, 2], shape: [4]).argmax(0).item() == 1)
        #expect(try Tensor.zeros([1, 3]).normalized().floats() == [0, 0, 0])
    }

    // MARK: - Arithmetic

    @Test("a row and a column broadcast in every operation, even when empty")
    func broadcasting() throws {
        let (column, row) = (try Self.numbers([3, 1]), try Self.numbers([4]) + 1)
        #expect(try (column + row).shape == [3, 4])
        #expect(try (column * row).floats() == [0, 0, 0, 0, 1, 2, 3, 4, 2, 4, 6, 8])
        #expect(try (row - column).floats()[4...7] == [0, 1, 2, 3])
        #expect(try (column / row).floats()[11] == 0.5)
        #expect(try column.adding(row, scaledBy: -2).floats()[0] == -2)
        let nothing = try Tensor.zeros([0, 1])
        #expect(try (nothing + row).shape == [0, 4])
    }

    @Test func scalarsDoNotWidenTheType() throws {
        let half = try Tensor([Float(1)], shape: [1]).to(.bfloat16)
        #expect(try (half * 2.5 + 1 - 0.5).dtype == .bfloat16)
        #expect(try (half * 2.5 + 1 - 0.5).item() == 3)
        #expect(try (Tensor([1.5], shape: [1]) + Tensor([Float(1)], shape: [1])).dtype == .float64)
    }

    @Test("integers are computed exactly, and scaled by whole numbers alone")
    func integers() throws {
        let (a, b) = (try Tensor([Int64(1) << 60, -3], shape: [2]), try Tensor([Int64(1), 7], shape: [2]))
        #expect(try (a + b).integers() == [1 << 60 + 1, 4])
        #expect(try (a - b).integers() == [1 << 60 - 1, -10])
        #expect(try (a * b).integers() == [1 << 60, -21])
        #expect(try (a + b).dtype == .int64)
        #expect(throws: TorchError.self, "half of an integer is none") { try a.adding(b, scaledBy: 0.5) }
    }

    @Test func tensorsAreValues() throws {
        let x = try Self.numbers([4])
        let copy = x
        let changed = try x * 3
        #expect(try copy.floats() == [0, 1, 2, 3])
        #expect(try changed.floats() == [0, 3, 6, 9])
        // SiLU after a group norm works in place on what nobody else sees.
        let y = try Self.numbers([1, 2, 2])
        let ones = try Tensor.full([2], 1)
        _ = try y.groupNorm(1, ones, ones, eps: 1e-5, silu: true)
        #expect(try y.floats() == [0, 1, 2, 3])
        #expect(try x.clone().floats() == x.floats())
    }

    @Test func tensorsCrossThreads() async throws {
        let x = try Self.numbers([100])
        let sums = try await withThrowingTaskGroup(of: Double.self) { group in
            for _ in 0..<8 { group.addTask { try (x * 2).sum().item() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == Array(repeating: 9900, count: 8))
    }
}
