import Foundation
package import Goldens
package import Method
import Testing
import Torch

/// A small network of a metric, whose weights are drawn here as they are in `Tools/goldens/evaluation.py`.
package struct EvaluationCase: Decodable, Sendable, CustomTestStringConvertible {
    package struct Key: Decodable, Sendable {
        package let name: String
        package let shape: [Int]
        package let kind: String

        package init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            name = try fields.decode(String.self)
            shape = try fields.decode([Int].self)
            kind = try fields.decode(String.self)
        }
    }

    package let name: String
    package let network: FeatureNetworkName
    package let seed: UInt64
    package let keys: [Key]
    package var testDescription: String { name }

    private enum CodingKeys: String, CodingKey { case name, network, seed, keys }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decode(String.self, forKey: .name)
        network = try #require(FeatureNetworkName(rawValue: fields.decode(String.self, forKey: .network)))
        seed = try fields.decode(UInt64.self, forKey: .seed)
        keys = try fields.decode([Key].self, forKey: .keys)
    }

    package static let all =
        (try? GoldenFile.json([Self].self, at: Fixtures.url("evaluation/networks.json"))) ?? []

    package static func of(_ network: FeatureNetworkName) -> [Self] { all.filter { $0.network == network } }

    package func goldens() throws -> GoldenFile { try GoldenFile(at: Fixtures.url("evaluation/\(name).safetensors")) }

    /// The tensors of its checkpoint.
    package func entries() throws -> [WeightEntry] {
        let stored = network == .cnn14 ? try goldens() : nil
        return try keys.enumerated().map { index, key in
            func draw(_ scale: Double, _ offset: Double = 0) throws -> Tensor {
                try randn(seed + UInt64(index), key.shape) * scale + offset
            }
            let inputs = Double(key.shape.dropFirst().reduce(1, *))
            let tensor =
                switch key.kind {
                case "count": try Tensor([Int64(0)], shape: [])
                case "zeros": try Tensor.zeros(key.shape)
                case "stored": try #require(stored).tensor("melW")
                case "decibels": try draw(5, -35)
                case "spread": try (draw(0.1, 1)) * 250
                case "scale": try draw(0.1, 1)
                case "shift": try draw(0.1)
                case "place": try draw(0.3)
                case "matrix": try draw((1 / inputs).squareRoot())
                case "gain": try draw((2 / inputs).squareRoot())
                default: throw GoldenError.unreadable(path: name, reason: "a tensor of kind \(key.kind)")
                }
            return try WeightEntry(key.name, tensor)
        }
    }

    /// Writes a checkpoint in the published layout: CNN14's stands under `model`.
    package static func write(_ entries: [WeightEntry], of network: FeatureNetworkName, to folder: TemporaryFolder)
        throws
        -> String
    {
        try folder.write(
            TorchArchiveWriter.data(entries, under: network == .cnn14 ? "model" : nil), to: network.usualFile)
    }
}
