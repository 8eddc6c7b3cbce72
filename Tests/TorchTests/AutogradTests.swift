import Testing
import Torch

@Suite struct AutogradTests {
    private func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
        try Generator(seed: seed).normal(shape, dtype: .float64)
    }

    // MARK: - Recording

    @Test("what is computed from a leaf requires a gradient until it is detached")
    func leavesAndDetachedTensors() throws {
        let x = try random([3], 1)
        #expect(!x.requiresGrad)
        let leaf = try x.leaf()
        #expect(leaf.requiresGrad && !x.requiresGrad)
        #expect(try leaf.exp().requiresGrad)
        #expect(try !leaf.exp().detached().requiresGrad)
        #expect(try leaf.floats() == x.floats())
        #expect(throws: TorchError.self) { try Tensor([Int64(1)], shape: [1]).leaf() }
    }

    @Test func disabledRecordsNothing() throws {
        let leaf = try random([1, 2, 6], 1).leaf()
        let weight = try random([2, 2, 3], 2)
        let ones = try Tensor.full([2], 1, dtype: .float64)
        try Autograd.disabled { () throws(TorchError) in
            #expect(try !(leaf * leaf).requiresGrad)
            #expect(try !leaf.conv(weight, nil, stride: [1], padding: [1], dilation: [1]).requiresGrad)
            #expect(try !leaf.leakyReLU(0.1).requiresGrad)
            #expect(try !leaf.groupNorm(1, ones, ones, eps: 1e-5, silu: true).requiresGrad)
            #expect(try !Autograd.recomputing([leaf]) { x throws(TorchError) in try x[0].exp() }.requiresGrad)
            Autograd.disabled {}
            #expect(try !leaf.exp().requiresGrad, "the inner block must not switch recording on")
        }
        #expect(try leaf.exp().requiresGrad)
    }

    @Test func disabledEndsWithAnError() throws {
        let leaf = try random([2], 1).leaf()
        #expect(throws: TorchError.self) {
            try Autograd.disabled { () throws(TorchError) in try leaf.narrow(0, from: 5, count: 1) }
        }
        #expect(try leaf.exp().requiresGrad)
    }

    /// Recording is a matter of the thread.
    @Test func disabledIsOfThisThread() async throws {
        let leaf = try random([2], 1).leaf()
        let elsewhere = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<16 {
                group.addTask {
                    if index.isMultiple(of: 2) {
                        return try Autograd.disabled { () throws(TorchError) in try !leaf.exp().requiresGrad }
                    }
                    return try leaf.exp().requiresGrad
                }
            }
            return try await group.reduce(true) { $0 && $1 }
        }
        #expect(elsewhere)
    }

    // MARK: - Gradients

    @Test func inputsThatAreNotUsedAreAnError() throws {
        let (a, b) = (try random([3], 1).leaf(), try random([3], 2).leaf())
        do {
            _ = try Autograd.gradients(of: a.square().sum(), [a, b])
            Issue.record("no error")
        } catch {
            #expect(error.description.contains("not have been used"), "\(error)")
        }
    }

    @Test func whatHasNoGradientIsAnError() throws {
        let (a, constant) = (try random([3], 1).leaf(), try random([3], 2))
        #expect(throws: TorchError.self) { try Autograd.gradients(of: a.square(), [a]) }
        #expect(throws: TorchError.self) { try Autograd.gradients(of: constant.sum(), [a]) }
        #expect(throws: TorchError.self) { try Autograd.gradients(of: (a * constant).sum(), [constant]) }
        #expect(throws: TorchError.self) { try Autograd.gradients(of: a.sum(), []) }
        let sum = try a.square().sum()
        _ = try Autograd.gradients(of: sum, [a])
        #expect(throws: TorchError.self, "the graph is gone") { try Autograd.gradients(of: sum, [a]) }
    }

    @Test func gradientsHaveNoGraph() throws {
        let a = try random([3], 1).leaf()
        let gradient = try Autograd.gradients(of: (a.square() * a).sum(), [a])[0]
        #expect(!gradient.requiresGrad)
        #expect(try (gradient - a.detached().square() * 3).maxAbs() < 1e-12)
    }

    @Test("an intermediate value has a gradient as the leaf has")
    func gradientOfAnIntermediate() throws {
        let a = try random([3], 1).leaf()
        let middle = try a * 2
        let gradients = try Autograd.gradients(of: middle.square().sum(), [middle, a])
        #expect(try (gradients[0] - middle.detached() * 2).maxAbs() < 1e-12)
        #expect(try (gradients[1] - a.detached() * 8).maxAbs() < 1e-12)
    }

    // MARK: - Computing again

    @Test(arguments: 1...3) func recomputingEqualsComputing(count: Int) throws {
        let values = try (0..<count).map { try random([2, 4], UInt64(10 + $0)) }
        let weight = try random([4, 4], 20)
        let body: @Sendable ([Tensor]) throws(TorchError) -> Tensor = { x throws(TorchError) in
            var sum = try x[0].matmul(weight).gelu()
            for other in x.dropFirst() { sum = try sum * other.tanh() + other }
            return try sum.layerNorm(
                Tensor.full([4], 1, dtype: .float64), Tensor.zeros([4], dtype: .float64), eps: 1e-5)
        }
        let direct = try values.map { try $0.leaf() }
        let again = try values.map { try $0.leaf() }
        let w = try random([2, 4], 30)
        let (y, z) = (try body(direct), try Autograd.recomputing(again, body))
        #expect(try y.doubles() == z.doubles())
        #expect(z.requiresGrad)
        let expected = try Autograd.gradients(of: (y * w).sum(), direct)
        let found = try Autograd.gradients(of: (z * w).sum(), again)
        for (a, b) in zip(expected, found) { #expect(try a.doubles() == b.doubles()) }
    }

    @Test(arguments: 0..<3) func onlyOneInputNeedsAGradient(which: Int) throws {
        var inputs = try (0..<3).map { try random([3], UInt64($0)) }
        inputs[which] = try inputs[which].leaf()
        let y = try Autograd.recomputing(inputs) { x throws(TorchError) in try x[0] * x[1] * x[2] }
        let gradient = try Autograd.gradients(of: y.sum(), [inputs[which]])[0]
        let others = try inputs.indices.filter { $0 != which }.map { try inputs[$0].detached() }
        #expect(try (gradient - others[0] * others[1]).maxAbs() < 1e-12)
    }

    @Test func withoutAGradientTheBodyRunsOnce() throws {
        let calls = Counter()
        let y = try Autograd.recomputing([random([3], 1)]) { x throws(TorchError) in
            calls.add()
            return try x[0].exp()
        }
        #expect(!y.requiresGrad && calls.count == 1)
        let leaf = try random([3], 1).leaf()
        let z = try Autograd.recomputing([leaf]) { x throws(TorchError) in
            calls.add()
            return try x[0].exp()
        }
        #expect(calls.count == 2)
        _ = try Autograd.gradients(of: z.sum(), [leaf])
        #expect(calls.count == 3)
    }

    @Test("nested recomputation gives the values and gradients of plain computation")
    func nested() throws {
        let (x, y) = (try random([2, 3], 1), try random([2, 3], 2))
        let inner: @Sendable ([Tensor]) throws(TorchError) -> Tensor = { v throws(TorchError) in
            try (v[0] * v[1]).silu() + v[0].square()
        }
        let outer: @Sendable ([Tensor]) throws(TorchError) -> Tensor = { v throws(TorchError) in
            let first = try Autograd.recomputing([v[0].exp(), v[1]], inner)
            return try Autograd.recomputing([first, v[1].sin()], inner) * v[0]
        }
        let plain: @Sendable ([Tensor]) throws(TorchError) -> Tensor = { v throws(TorchError) in
            try inner([inner([v[0].exp(), v[1]]), v[1].sin()]) * v[0]
        }
        func run(_ body: ([Tensor]) throws -> Tensor) throws -> [[Double]] {
            let leaves = [try x.leaf(), try y.leaf()]
            let value = try body(leaves)
            return try [value.doubles()] + Autograd.gradients(of: value.square().sum(), leaves).map { try $0.doubles() }
        }
        let expected = try run { try plain($0) }
        let found = try run { v in try Autograd.recomputing(v) { x throws(TorchError) in try outer(x) } }
        for (a, b) in zip(expected, found) {
            for (p, q) in zip(a, b) { #expect(abs(p - q) < 1e-12 * max(1, abs(p))) }
        }
    }

    /// Blocks one after the other, as a decoder has them, and an input that goes past them.
    @Test("a chain of recomputed blocks with an input that goes past them has the plain gradients")
    func chained() throws {
        func run(recompute: Bool) throws -> [Double] {
            let leaf = try random([1, 4, 10], 3).leaf()
            var h = leaf
            for layer in 0..<4 {
                let weight = try random([4, 4, 3], UInt64(40 + layer)) * 0.3
                let body: @Sendable ([Tensor]) throws(TorchError) -> Tensor = { x throws(TorchError) in
                    try x[0].leakyReLU(0.1).conv(weight, nil, stride: [1], padding: [1], dilation: [1]) + x[1]
                }
                h = recompute ? try Autograd.recomputing([h, leaf], body) : try body([h, leaf])
            }
            return try Autograd.gradients(of: h.square().sum(), [leaf])[0].doubles()
        }
        #expect(
            try zip(run(recompute: true), run(recompute: false)).allSatisfy { abs($0 - $1) < 1e-12 * max(1, abs($1)) })
    }

    @Test("a recomputed body may return its input itself")
    func theInputItselfAsTheResult() throws {
        let leaf = try random([3], 1).leaf()
        let y = try Autograd.recomputing([leaf]) { x throws(TorchError) in x[0] }
        let gradient = try Autograd.gradients(of: (y * 3).sum(), [leaf])[0]
        #expect(try gradient.doubles() == [3, 3, 3])
    }

    @Test func errorsOfTheBodyArrive() throws {
        let leaf = try random([2, 3], 1).leaf()
        do {
            _ = try Autograd.recomputing([leaf]) { x throws(TorchError) in try x[0].matmul(x[0]) }
            Issue.record("no error")
        } catch {
            #expect(!error.isOutOfMemory)
            #expect(error.description.contains("matmul") && error.description.contains("2x3"), "\(error)")
        }
        #expect(throws: TorchError.self) {
            try Autograd.recomputing([leaf, leaf, leaf, leaf]) { x throws(TorchError) in x[0] }
        }
        #expect(try (leaf + 1).sum().requiresGrad, "recording goes on")
    }

    /// A body may fail only when it runs again, deep in libtorch's backward pass.
    @Test(arguments: [false, true]) func errorsOfTheBackwardPassArrive(outOfMemory: Bool) throws {
        let leaf = try random([2, 3], 1).leaf()
        let calls = Counter()
        let y = try Autograd.recomputing([leaf]) { x throws(TorchError) in
            calls.add()
            if calls.count == 1 { return try x[0].exp() }
            return outOfMemory ? try x[0].repeated([1 << 25, 1 << 25]) : try x[0].narrow(0, from: 9, count: 1)
        }
        do {
            _ = try Autograd.gradients(of: y.sum(), [leaf])
            Issue.record("no error")
        } catch {
            #expect(error.isOutOfMemory == outOfMemory, "\(error)")
            #expect(error.description.contains(outOfMemory ? "repeated" : "narrow"), "\(error)")
        }
        let after = try Autograd.gradients(of: leaf.exp().sum(), [leaf])[0]
        #expect(try after.isFinite())
    }

    @Test func theBodyIsLetGo() throws {
        weak var owner: Counter?
        do {
            let counter = Counter()
            owner = counter
            let leaf = try random([3], 1).leaf()
            let y = try Autograd.recomputing([leaf]) { x throws(TorchError) in
                counter.add()
                return try x[0].exp()
            }
            _ = try Autograd.gradients(of: y.sum(), [leaf])
            _ = try Autograd.recomputing([leaf]) { x throws(TorchError) in
                counter.add()
                return try x[0].sin()
            }
        }
        #expect(owner == nil)
    }
}
