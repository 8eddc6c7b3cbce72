package import Goldens
package import Torch

/// A tensor as a golden's program drew it: a seed, a factor, an offset, and rows that are multiplied once more.
package struct DrawnWeight: Decodable {
    /// The key.
    package let name: String
    private let shape: [Int]
    private let seed: UInt64
    private let factor: Double
    private let offset: Double
    /// The first row, the one behind the last, and the factor.
    private let rows: [[Double]]

    package init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        name = try fields.decode(String.self)
        shape = try fields.decode([Int].self)
        seed = try fields.decode(UInt64.self)
        factor = try fields.decode(Double.self)
        offset = try fields.decode(Double.self)
        rows = try fields.decode([[Double]].self)
    }

    package var tensor: Tensor {
        get throws {
            let drawn = try randn(seed, shape) * factor + offset
            guard !rows.isEmpty else { return drawn }
            var values = try drawn.floats()
            let width = values.count / shape[0]
            for row in rows {
                let range = Int(row[0]) * width..<min(Int(row[1]), shape[0]) * width
                for place in range { values[place] *= Float(row[2]) }
            }
            return try Tensor(values, shape: shape)
        }
    }

    package var entry: WeightEntry { get throws { try WeightEntry(name, tensor) } }
}
