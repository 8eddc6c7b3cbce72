internal import Checkpoint
package import Foundation
package import Torch

/// What the defining libraries compute for one part, as `Tools/goldens/units.py` stores it.
package struct UnitGoldens: Sendable {
    private let file: WeightFile
    /// Of the tensors that are not whole: every how many-th element is kept.
    private let keep: [String: Int]

    package init(_ name: String) throws { try self.init(at: Fixtures.url("units/\(name).safetensors")) }

    package init(at url: URL) throws {
        file = try WeightFile.open(url.path)
        keep = try JSONDecoder().decode([String: Int].self, from: Data((file.metadata["keep"] ?? "{}").utf8))
    }

    package static func json<T: Decodable>(_ type: T.Type, _ name: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: Fixtures.url("units/\(name).json")))
    }

    package func tensor(_ name: String) throws -> Tensor { try Tensor(file.record(name)) }

    /// The golden elements, and ours in the same places.
    package func pair(_ name: String, _ ours: Tensor) throws -> (golden: [Double], ours: [Double]) {
        let golden = try tensor(name).doubles()
        let all = try ours.doubles()
        let kept = stride(from: 0, to: all.count, by: keep[name] ?? 1).map { all[$0] }
        guard kept.count == golden.count else { throw SizeMismatch(name: name, shape: ours.shape) }
        return (golden, kept)
    }

    /// `‖ours − golden‖ / ‖golden‖`.
    package func relativeDifference(_ name: String, _ ours: Tensor) throws -> Double {
        let (golden, ours) = try pair(name, ours)
        let difference = zip(golden, ours).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (difference / max(golden.reduce(0) { $0 + $1 * $1 }, 1e-300)).squareRoot()
    }

    /// Ours has another number of elements than the golden tensor.
    package struct SizeMismatch: Error {
        let name: String
        let shape: [Int]
    }

    package func largestDifference(_ name: String, _ ours: Tensor) throws -> Double {
        let (golden, ours) = try pair(name, ours)
        return zip(golden, ours).map { abs($0 - $1) }.max() ?? 0
    }
}

/// Numbers of mean 0 and variance 1, as `torch.randn` draws them.
package func randn(_ seed: UInt64, _ shape: [Int], dtype: DType = .float32) throws -> Tensor {
    try Generator(seed: seed).normal(shape, dtype: dtype)
}
