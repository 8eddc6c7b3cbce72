import Checkpoint
import Foundation
import TestSupport
import Testing
import Torch

@testable import Networks

/// One small network of `units/networks.json`, whose weights are drawn from seeds here and in `Tools/goldens/units.py`.
struct NetworkCase: @unchecked Sendable, CustomTestStringConvertible {  // a JSON object that nobody changes
    let name: String
    let kind: String
    let seed: UInt64
    let config: Data
    let keys: [(String, [Int])]
    let inputs: [[Int]]
    let shape: [Int]
    let timestep: Double
    let json: [String: Any]

    var testDescription: String { name }

    init?(_ json: [String: Any]) {
        guard let name = json["name"] as? String, let kind = json["kind"] as? String,
            let seed = json["seed"] as? Int,
            let config = json["config"].flatMap({ try? JSONSerialization.data(withJSONObject: $0) }),
            let inputs = json["inputs"] as? [[Int]], let shape = json["shape"] as? [Int]
        else { return nil }
        (self.name, self.kind, self.seed, self.config) = (name, kind, UInt64(seed), config)
        keys = Self.keys(json["keys"])
        (self.inputs, self.shape, timestep) = (inputs, shape, json["timestep"] as? Double ?? 0)
        self.json = json
    }

    static func keys(_ value: Any?) -> [(String, [Int])] {
        (value as? [[Any]] ?? []).compactMap { pair in
            (pair[0] as? String).flatMap { key in (pair[1] as? [Int]).map { (key, $0) } }
        }
    }

    static let all: [NetworkCase] = {
        let data = (try? Data(contentsOf: Fixtures.url("units/networks.json"))) ?? Data()
        let json = (try? JSONSerialization.jsonObject(with: data)) as? [[String: Any]]
        return (json ?? []).compactMap(NetworkCase.init)
    }()

    /// The weights of key `i` from `seed + i`: products scaled by their width, scales near 1, the rest near 0.
    static func entries(
        _ keys: [(String, [Int])], seed: UInt64, renaming: (String) -> String = { $0 }
    ) throws -> [WeightEntry] {
        try keys.enumerated().map { index, key in
            let (name, shape) = key
            var w = try randn(seed + UInt64(index), shape)
            if shape.count > 1 {
                w = try w * (1 / Double(shape.dropFirst().reduce(1, *)).squareRoot())
            } else if name.hasSuffix("weight") || name.hasSuffix("scale") {
                w = try w * 0.1 + 1
            } else {
                w = try w * 0.1
            }
            return try WeightEntry(renaming(name), w)
        }
    }

    func entries(renaming: (String) -> String = { $0 }) throws -> [WeightEntry] {
        try Self.entries(keys, seed: seed, renaming: renaming)
    }

    /// A file of weights, which stays mapped when it is gone.
    func file(_ entries: [WeightEntry]) throws -> WeightFile {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "model.safetensors")
        try SafetensorsWriter.write(entries, to: url)
        return try WeightFile.open(url.path)
    }

    /// Weights in double precision.
    func store(_ entries: [WeightEntry]) throws -> WeightStore {
        WeightStore(try file(entries), dtype: .float64)
    }

    /// Compares what `run` makes of the inputs, and its gradients, with the goldens.
    func check(_ run: ([Tensor]) throws -> Tensor) throws {
        let goldens = try UnitGoldens("networks")
        let leaves = try inputs.enumerated().map {
            try randn(seed + 90_000 + UInt64($0), $1).to(.float64).leaf()
        }
        let y = try run(leaves)
        #expect(y.shape == shape)
        let difference = try goldens.relativeDifference("\(name).y", y.detached())
        // The sines of the timestep are computed in single precision.
        #expect(difference < 1e-6, "\(difference)")
        guard !leaves.isEmpty else { return }
        let w = try randn(seed + 95_000, y.shape).to(.float64)
        let gradients = try Autograd.gradients(of: (y * w).sum(), leaves)
        for (index, gradient) in gradients.enumerated() {
            let difference = try goldens.relativeDifference("\(name).gradient.\(index)", gradient)
            #expect(difference < 2e-6, "gradient of input \(index): \(difference)")
        }
    }
}
