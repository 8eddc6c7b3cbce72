import Foundation
import Testing
import Torch

/// Large tensors on the host take their memory from blocks that are kept.
@Suite struct HostMemoryTests {
    private struct Held {
        let tensor: Tensor
        let number: Double

        init(_ number: Double, count: Int) throws {
            tensor = try Tensor.full([count], number)
            self.number = number
        }

        func isUntouched() throws -> Bool { try (tensor - number).maxAbs() == 0 }
    }

    @Test("no two tensors share memory, whatever sizes come and go, from however many threads")
    func nothingIsShared() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 1...4 {
                group.addTask {
                    var random = UInt64(thread)
                    func next(_ bound: UInt64) -> Int {
                        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return Int((random >> 33) % bound)
                    }
                    var held: [Held] = []
                    for round in 0..<120 {
                        // 0.4 to 4 MB: below and above what is kept.
                        held.append(try Held(Double(thread * 1000 + round), count: 100_000 + next(900_000)))
                        if held.count > 4 {
                            let gone = held.remove(at: next(UInt64(held.count)))
                            #expect(try gone.isUntouched())
                        }
                    }
                    for tensor in held { #expect(try tensor.isUntouched()) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// In a process of its own, where nobody else takes memory.
    @Test("a tensor takes the memory of one that has gone, if its size is about the same")
    func isUsedAgain() async {
        await #expect(processExitsWith: .success) {
            try TorchRuntime.configure(threads: 1)
            func faults() -> Int {
                var usage = rusage()
                getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
                return usage.ru_minflt
            }
            func make(_ count: Int) throws { _ = try Tensor.full([count], 1) }
            try make(40_000_000)
            let before = faults()
            for round in 0..<20 { try make(40_000_000 - round * 1000) }
            // 160 MB are 80 pages of 2 MB, or 39,063 of 4 kB: each time, if they came from the kernel.
            #expect(faults() - before < 80)
        }
    }

    @Test("what is kept goes back to the kernel before it is more than was ever in use and a gibibyte")
    func isBounded() async {
        await #expect(processExitsWith: .success) {
            try TorchRuntime.configure(threads: 1)
            // More than there are addresses: what cannot be had is not in use.
            #expect(throws: TorchError.self) { try Tensor.full([1 << 46], 1) }
            // Sizes that no block kept before can serve, 3.3 GB in all.
            var count = 8_000_000
            for _ in 0..<16 {
                _ = try Tensor.full([count], 1)
                count = count * 8 / 7 + 1
            }
            #expect(count * 4 < 300_000_000)
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            let peak = try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
            #expect(peak > 1_200_000_000, "\(peak): this filled nothing")
            #expect(peak < 1_800_000_000)
        }
    }
}
