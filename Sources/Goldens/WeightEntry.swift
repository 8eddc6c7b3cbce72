package import Checkpoint
package import Torch

/// One tensor of a checkpoint that a test writes, or reads in order to change it.
package struct WeightEntry: Sendable {
    /// The key.
    package var name: String
    /// The type of its elements.
    package var dtype: ScalarType
    /// Sizes of the dimensions, outermost first.
    package var shape: [Int]
    /// The elements, row-major; of any number, since a test may want a file that no library would write.
    package var bytes: [UInt8]

    /// An entry of its parts.
    package init(_ name: String, dtype: ScalarType, shape: [Int], bytes: [UInt8]) {
        (self.name, self.dtype, self.shape, self.bytes) = (name, dtype, shape, bytes)
    }

    /// A tensor under a key.
    package init(_ name: String, _ tensor: Tensor) throws {
        let dtype = ScalarType.allCases.first { DType($0) == tensor.dtype } ?? .u8
        self.init(name, dtype: dtype, shape: tensor.shape, bytes: try tensor.bytes())
    }

    /// What a record describes; its tensor must be contiguous.
    package init(_ record: TensorRecord) {
        self.init(record.name, dtype: record.dtype, shape: record.shape, bytes: record.withBytes { Array($0) })
    }

    /// The tensors of a safetensors file or a PyTorch archive.
    package static func all(of path: String) throws -> [WeightEntry] {
        try WeightFile.open(path).records.map { WeightEntry($0) }
    }
}
