package import Torch

/// Chooses the label that is nearest to what is seen or heard, in the binder's own space.
package struct LabelCaptioner: Sendable {
    private let labels: [String]
    private let table: Tensor
    package init(labels: [String], binder: BinderModel) throws {
        self.labels = labels
        table = try binder.embed(labels).normalized()
    }
    package func nearest(to embeddings: Tensor) throws -> [(label: String, cosine: Double)] {
        let cosines = try embeddings.normalized().matmul(table.transpose(0, 1)).doubles()
        return (0..<embeddings.size(0)).map { row in
            let values = cosines[row * labels.count..<(row + 1) * labels.count]
            let best = values.indices.max { values[$0] < values[$1] } ?? values.startIndex
            return (labels[best - values.startIndex], values[best])
        }
    }
}
