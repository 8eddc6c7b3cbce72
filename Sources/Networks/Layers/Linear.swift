internal import Torch

/// `x · weightᵀ + bias` over the last dimension.
struct Linear: Sendable {
    private let weight: Tensor
    private let bias: Tensor?

    init(_ weights: WeightScope, _ inputs: Int, _ outputs: Int, bias: Bool = true) throws {
        weight = try weights.tensor("weight", [outputs, inputs])
        self.bias = bias ? try weights.tensor("bias", [outputs]) : nil
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x.linear(weight, bias) }
}

/// Rows of a table by id.
struct Embedding: Sendable {
    private let table: Tensor

    init(_ weights: WeightScope, count: Int, width: Int) throws {
        table = try weights.tensor("weight", [count, width])
    }

    /// - Parameter ids: int64 of any shape; the result has one more dimension.
    func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor { try Tensor.embedding(table, ids) }
}
