import Checkpoint
import Fixtures
import Foundation
import Testing
import Torch

/// What the defining libraries compute for one part, as `Tools/goldens/units.py` stores it.
struct UnitGoldens: Sendable {
    private let file: WeightFile
    /// Of the tensors that are not whole: every how many-th element is kept.
    private let keep: [String: Int]

    init(_ name: String) throws { try self.init(at: Fixtures.url("units/\(name).safetensors")) }

    init(at url: URL) throws {
        file = try WeightFile.open(url.path)
        keep = try JSONDecoder().decode([String: Int].self, from: Data((file.metadata["keep"] ?? "{}").utf8))
    }

    static func json<T: Decodable>(_ type: T.Type, _ name: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: Fixtures.url("units/\(name).json")))
    }

    func tensor(_ name: String) throws -> Tensor { try Tensor(file.record(name)) }

    /// The golden elements, and ours in the same places.
    func pair(_ name: String, _ ours: Tensor) throws -> (golden: [Double], ours: [Double]) {
        let golden = try tensor(name).doubles()
        let all = try ours.doubles()
        let kept = stride(from: 0, to: all.count, by: keep[name] ?? 1).map { all[$0] }
        try #require(kept.count == golden.count, "\(name): \(ours.shape)")
        return (golden, kept)
    }

    /// `‖ours − golden‖ / ‖golden‖`.
    func relativeDifference(_ name: String, _ ours: Tensor) throws -> Double {
        let (golden, ours) = try pair(name, ours)
        let difference = zip(golden, ours).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (difference / max(golden.reduce(0) { $0 + $1 * $1 }, 1e-300)).squareRoot()
    }

    func largestDifference(_ name: String, _ ours: Tensor) throws -> Double {
        let (golden, ours) = try pair(name, ours)
        return zip(golden, ours).map { abs($0 - $1) }.max() ?? 0
    }
}

/// Bytes that the goldens were computed from: splitmix64 of `seed + i`, the lowest byte.
func noiseBytes(seed: UInt64, count: Int) -> [UInt8] {
    (0..<UInt64(count)).map { i in
        var z = seed &+ (i + 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return UInt8(truncatingIfNeeded: z ^ (z >> 31))
    }
}

/// FNV-1a over numbers of any kind.
func fnv(_ values: some Sequence<UInt64>) -> String {
    let hash = values.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ $1) &* 0x100_0000_01B3 }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
}

/// Numbers of mean 0 and variance 1, as `torch.randn` draws them.
func randn(_ seed: UInt64, _ shape: [Int], dtype: DType = .float32) throws -> Tensor {
    try Generator(seed: seed).normal(shape, dtype: dtype)
}
