internal import Torch

/// Inputs of several samples on their way through a network.
enum FeatureBatches {
    /// Runs inputs of equal shape together, at most `limit` at a time, in the order in which they come.
    ///
    /// - Parameters:
    ///   - inputs: of each sample one, without the dimension of the batch.
    ///   - run: from `[n, …]` to the tensors of each, whose first dimension is n.
    /// - Returns: of each sample what it has in every tensor, on the host.
    static func run(
        _ inputs: [Result<Tensor, FeatureInputError>], limit: Int, dtype: DType, device: Device,
        _ run: (Tensor) throws(TorchError) -> (features: Tensor, logits: Tensor?)
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        var results = inputs.map { $0.map { _ in FeatureRows(features: []) } }
        var groups: [[Int]: [Int]] = [:]
        var shapes: [[Int]] = []
        for (index, input) in inputs.enumerated() {
            guard case .success(let tensor) = input else { continue }
            if groups[tensor.shape] == nil { shapes.append(tensor.shape) }
            groups[tensor.shape, default: []].append(index)
        }
        for shape in shapes {
            let members = groups[shape] ?? []
            for start in stride(from: 0, to: members.count, by: limit) {
                let part = members[start..<min(start + limit, members.count)]
                let tensors = part.compactMap { try? inputs[$0].get() }
                let (features, logits) = try run(Tensor.stack(tensors).to(dtype, device: device))
                let rows = try numbers(features)
                let classes = try logits.map { (x) throws(TorchError) in try numbers(x) }
                for (place, index) in part.enumerated() {
                    results[index] = checked(FeatureRows(features: rows[place], logits: classes?[place]))
                }
            }
        }
        return results
    }

    /// The rows, unless one of their numbers is none.
    static func checked(_ rows: FeatureRows) -> Result<FeatureRows, FeatureInputError> {
        let finite = rows.features.allSatisfy(\.isFinite) && (rows.logits?.allSatisfy(\.isFinite) ?? true)
        return finite ? .success(rows) : .failure(.notFiniteFeatures)
    }

    /// The rows of `[n, width]`.
    private static func numbers(_ x: Tensor) throws(TorchError) -> [[Float]] {
        let (count, width) = (x.size(0), x.size(1))
        let all = try x.floats()
        return (0..<count).map { Array(all[($0 * width)..<(($0 + 1) * width)]) }
    }
}
