import Foundation
import TestSupport
import Testing
import Torch

/// What torch itself computes, as `Tools/goldens/units.py` stores it.
struct TorchGoldens: Decodable, Sendable {
    let layers: [LayerCase]
    let normal: [Numbers]
    let halves: [String: String]

    /// One layer: inputs and weights come from seeds, the gradient is that of `Σ y·w` for a random `w`.
    struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let kind: String
        let seed: UInt64
        let inputs: [[Int]]
        let weights: [[Int]]
        let shape: [Int]
        let y: Thinned
        let gradients: [Thinned]
        let stride: [Int]?
        let padding: [Int]?
        let dilation: [Int]?
        let groups: Int?
        let eps: Double?
        let silu: Bool?
        let slope: Double?
        let low: Double?
        let high: Double?
        let causal: Bool?
        let size: Int?
        let step: Int?
        let length: Int?
        let height: Int?
        let width: Int?
        let antialias: Bool?

        var testDescription: String { name }
    }

    /// Every `step`-th of `count` elements.
    struct Thinned: Decodable, Sendable {
        let count: Int
        let step: Int
        let values: [Double]

        /// The largest difference, relative to the largest golden value or to 1.
        func difference(_ tensor: Tensor) throws -> Double {
            let all = try tensor.doubles()
            try #require(all.count == count)
            let kept = stride(from: 0, to: count, by: step).map { all[$0] }
            let scale = max(1, values.map(abs).max() ?? 0)
            return zip(kept, values).map { abs($0 - $1) / scale }.max() ?? 0
        }
    }

    /// Numbers of one generator. `seed` is a number, or `continued` for the next numbers of seed 7.
    struct Numbers: Decodable, Sendable {
        let seed: String
        let shape: [Int]
        let dtype: String
        let hash: String
        let first: Double
    }

    static let all: TorchGoldens = {
        do {
            return try JSONDecoder().decode(Self.self, from: Data(contentsOf: Fixtures.url("units/torch.json")))
        } catch {
            Issue.record(error, "units/torch.json")
            return TorchGoldens(layers: [], normal: [], halves: [:])
        }
    }()
}
