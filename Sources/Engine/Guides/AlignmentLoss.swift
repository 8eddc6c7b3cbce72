internal import Method
internal import Torch

/// What guidance descends: for each sample the sum of `F(a, b) = 1 − cos(a, b)` over its terms (eq. 14–16).
struct AlignmentLoss {
    let terms: [AlignmentTerm]
    /// Embeddings of the conditions, `[B, width]`.
    private(set) var conditions: [Modality: Tensor]
    /// `[B]` for each term: what it counts for each sample, 0 where one lacks one of its conditions; none where it is 1 for
    /// all.
    private var weights: [AlignmentTerm: Tensor]

    /// - Parameters:
    ///   - missing: samples that have no such condition: the terms that involve it count nothing for them.
    ///   - captionWeights: what the terms of the caption count for each sample; nil: 1.
    init(
        terms: [AlignmentTerm], conditions: [Modality: Tensor], missing: [Modality: Set<Int>],
        captionWeights: [Double]? = nil
    ) throws(TorchError) {
        self.terms = terms
        self.conditions = conditions
        var weights: [AlignmentTerm: Tensor] = [:]
        for term in terms {
            let absent = missing.filter { term.involves($0.key) }.values.reduce(into: Set()) { $0.formUnion($1) }
            guard let rows = conditions.values.first else { continue }
            let values = (0..<rows.size(0)).map { sample -> Float in
                if absent.contains(sample) { return 0 }
                return term.involves(.caption) ? Float(captionWeights?[sample] ?? 1) : 1
            }
            if values.allSatisfy({ $0 == 1 }) { continue }
            weights[term] = try Tensor(values, shape: [values.count]).to(device: rows.device)
        }
        self.weights = weights
    }

    /// The loss of rows of which each is one of a sample.
    func of(_ rows: [Beginning]) throws(TorchError) -> AlignmentLoss {
        let places = rows.map(\.sample)
        guard let count = conditions.values.first?.size(0), places != Array(0..<count) else { return self }
        return with(try tensors.map { tensor throws(TorchError) in try tensor.rows(places) })
    }

    /// The loss of a range of rows.
    func narrowed(to rows: Range<Int>) throws(TorchError) -> AlignmentLoss {
        guard let count = conditions.values.first?.size(0), rows != 0..<count else { return self }
        return with(
            try tensors.map { tensor throws(TorchError) in
                try tensor.narrow(0, from: rows.lowerBound, count: rows.count)
            })
    }

    /// What it refers to beside the streams' embeddings, in a fixed order.
    var tensors: [Tensor] { Modality.allCases.compactMap { conditions[$0] } + terms.compactMap { weights[$0] } }

    /// The same for losses whose ``tensors`` mean the same.
    var form: String {
        let given = Modality.allCases.filter { conditions[$0] != nil }.map(\.rawValue)
        return given.joined(separator: ",") + "/" + terms.map { weights[$0] == nil ? "-" : "+" }.joined()
    }

    /// The same loss on the tensors of another of the same form.
    func with(_ tensors: [Tensor]) -> AlignmentLoss {
        var (loss, tensors) = (self, tensors[...])
        for modality in Modality.allCases where conditions[modality] != nil {
            loss.conditions[modality] = tensors.removeFirst()
        }
        for term in terms where weights[term] != nil { loss.weights[term] = tensors.removeFirst() }
        return loss
    }

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
            if let weight = weights[term] { distance = try distance * weight }
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
