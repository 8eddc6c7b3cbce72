import Foundation
import Goldens
import TestSupport
import Testing
import Torch

/// What torch itself computes, as `Tools/goldens/units.py` stores it.
struct TorchGoldens: Decodable, Sendable {
    let layers: [LayerCase]
    let normal: [Numbers]
    let halves: [String: String]

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
            return try Fixtures.goldens.description(of: "torch")
        } catch {
            Issue.record(error, "units/torch.json")
            return TorchGoldens(layers: [], normal: [], halves: [:])
        }
    }()
}

extension LayerCase: CustomTestStringConvertible {
    /// For the lists of tests.
    public var testDescription: String { name }
}
