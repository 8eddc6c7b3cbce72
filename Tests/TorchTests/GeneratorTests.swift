import Goldens
import TestSupport
import Testing
import Torch

/// The numbers of `torch.randn(shape, generator=torch.Generator('cpu').manual_seed(seed))`, bit for bit. Below 16
/// elements torch draws them one by one, from there on in blocks of 16.
@Suite struct GeneratorTests {
    @Test func numbersAreTorchs() throws {
        let goldens = TorchGoldens.all.normal
        #expect(goldens.count > 60)
        var continued = try Generator(seed: 7)
        for golden in goldens {
            if golden.seed != "continued" { continued = try Generator(seed: 7) }
            let generator = golden.seed == "continued" ? continued : try Generator(seed: #require(UInt64(golden.seed)))
            let dtype = try #require(Self.types[golden.dtype])
            let numbers = try generator.normal(golden.shape, dtype: dtype)
            #expect(numbers.dtype == dtype && numbers.shape == golden.shape)
            let first = try numbers.doubles()[0]
            #expect(first == golden.first, "seed \(golden.seed) \(golden.shape) \(golden.dtype)")
            #expect(
                try FNV1a.hex(numbers.bytes()) == golden.hash,
                "seed \(golden.seed), shape \(golden.shape), \(golden.dtype)")
        }
    }

    private static let types: [String: DType] = [
        "float32": .float32, "float64": .float64, "float16": .float16, "bfloat16": .bfloat16,
    ]

    @Test func generatorsDoNotDisturbEachOther() throws {
        let (a, b) = (try Generator(seed: 5), try Generator(seed: 5))
        let first = try a.normal([20]).floats()
        _ = try Generator(seed: 5).normal([1000])
        #expect(try b.normal([20]).floats() == first)
        #expect(try a.normal([20]).floats() != first)
    }

    @Test func anEmptyShapeIsOneNumber() throws {
        #expect(try Generator(seed: 1).normal([]).count == 1)
        #expect(try Generator(seed: 1).normal([3, 0]).count == 0)
        #expect(throws: TorchError.self) { try Generator(seed: 1).normal([-2]) }
        #expect(throws: TorchError.self) { try Generator(seed: 1).normal([4], dtype: .int32) }
    }
}
