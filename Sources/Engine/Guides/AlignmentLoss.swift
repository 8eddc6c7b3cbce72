internal import Method
internal import Torch

/// What guidance descends: for each sample the sum of `F(a, b) = 1 − cos(a, b)` over its terms (eq. 14–16).
struct AlignmentLoss {
    let terms: [AlignmentTerm]
    /// Embeddings of the conditions, `[B, width]`.
    let conditions: [Modality: Tensor]
    /// Samples that have no such condition: the terms that involve it count nothing for them.
    let missing: [Modality: Set<Int>]

    /// - Throws: ``AlignerError/nothingToAlign(_:)`` where no term has both of its sides among conditions and streams.
    func check(with generated: [Modality]) throws(AlignerError) {
        let present = Set(conditions.keys).union(generated)
        guard terms.contains(where: { present.isSuperset(of: [$0.first, $0.second]) }) else {
            throw .nothingToAlign(terms)
        }
    }

    /// - Parameter generated: embeddings of what the streams make, `[B, width]`; they come before conditions.
    /// - Returns: `[B]`, differentiable.
    func callAsFunction(_ generated: [Modality: Tensor]) throws -> Tensor {
        var total: Tensor?
        for term in terms {
            guard let a = generated[term.first] ?? conditions[term.first],
                let b = generated[term.second] ?? conditions[term.second]
            else { continue }
            var distance = try (cosine(a, b) * -1) + 1
            let absent = missing.filter { term.involves($0.key) }.values.reduce(into: Set()) { $0.formUnion($1) }
            if !absent.isEmpty {
                let present = (0..<distance.count).map { Float(absent.contains($0) ? 0 : 1) }
                distance = try distance * Tensor(present, shape: [present.count]).to(device: distance.device)
            }
            total = try total.map { try $0 + distance } ?? distance
        }
        guard let total else { throw AlignerError.nothingToAlign(terms) }
        return total
    }

    /// As `torch.nn.functional.cosine_similarity`: scales of the embeddings cancel.
    private func cosine(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        try (a / a.norm(1, keep: true).clamped(1e-8) * (b / b.norm(1, keep: true).clamped(1e-8))).sum([1])
    }
}
