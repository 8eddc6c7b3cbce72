import Foundation
import Testing
import Torch

/// What a chain of frozen layers keeps for its gradient, measured in a process of its own.
@Suite struct FrozenMemoryTests {
    /// Eight times convolution and leaky ReLU over 40 MB each. Their inputs together are 640 MB; what the gradient needs
    /// is one byte per element of each ReLU, 80 MB, beside the leaf and the result. A block that
    /// is let go serves the next tensor of its size, so that resident memory is what is held and a few blocks more.
    @Test func aChainOfConvolutionsKeepsLittle() async {
        await #expect(processExitsWith: .success) {
            try TorchRuntime.configure(threads: 1)
            let weight = try Generator(seed: 1).normal([16, 16, 3]) * 0.1
            let leaf = try Tensor.full([1, 16, 625_000], 0.5).leaf()
            var h = try leaf * 1
            let before = try residentMegabytes()
            for _ in 0..<8 {
                h = try h.conv(weight, nil, stride: [1], padding: [1], dilation: [1]).leakyReLU(0.1)
            }
            let held = try residentMegabytes() - before
            #expect(held > 60, "\(held) MB: at least the masks, or this measures nothing")
            #expect(held < 250, "\(held) MB")
            let gradient = try Autograd.gradients(of: h.sum(), [leaf])[0]
            #expect(gradient.count == leaf.count)
            #expect(try gradient.isFinite())
        }
    }

    /// The same chain computed again block by block keeps the inputs of the blocks alone.
    @Test func recomputedBlocksKeepTheirInputs() async {
        await #expect(processExitsWith: .success) {
            try TorchRuntime.configure(threads: 1)
            let leaf = try Tensor.full([10_000_000], 0.5).leaf()
            var h = try leaf * 1
            let before = try residentMegabytes()
            for _ in 0..<4 {
                h = try Autograd.recomputing([h]) { x throws(TorchError) in
                    var y = x[0]
                    for _ in 0..<5 { y = try y.sin() }  // each would keep its input
                    return y
                }
            }
            let held = try residentMegabytes() - before
            #expect(held > 100 && held < 300, "\(held) MB; all inputs would be 800 MB")
        }
    }
}

/// Resident memory of this process, in units of 10^6 bytes.
private func residentMegabytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    let pages = try #require(Int(text.split(separator: " ")[1]))
    return pages * sysconf(Int32(_SC_PAGESIZE)) / 1_000_000
}
