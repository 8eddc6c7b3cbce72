internal import Method
internal import Torch

/// What guidance descends: for each sample the sum of `F(a, b) = 1 − cos(a, b)` over its terms (eq. 14–16).
struct AlignmentLoss {
    let terms: [AlignmentTerm]
    /// Embeddings of the conditions, `[B, width]`.
    private(set) var conditions: [Modality: Tensor]
    /// `[B]` for each term: 0 where a sample lacks one of its conditions, 1 elsewhere; none where no sample does.
    private var present: [AlignmentTerm: Tensor]

    /// - Parameter missing: samples that have no such condition: the terms that involve it count nothing for them.
    init(
        terms: [AlignmentTerm], conditions: [Modality: Tensor], missing: [Modality: Set<Int>]
    ) throws(TorchError) {
        self.terms = terms
        self.conditions = conditions
        var present: [AlignmentTerm: Tensor] = [:]
        for term in terms {
            let absent = missing.filter { term.involves($0.key) }.values.reduce(into: Set()) { $0.formUnion($1) }
            guard !absent.isEmpty, let rows = conditions.values.first else { continue }
            let count = rows.size(0)
            present[term] = try Tensor((0..<count).map { absent.contains($0) ? 0 : 1 } as [Float], shape: [count])
                .to(device: rows.device)
        }
        self.present = present
    }

    /// What it refers to beside the streams' embeddings, in a fixed order.
    var tensors: [Tensor] { Modality.allCases.compactMap { conditions[$0] } + terms.compactMap { present[$0] } }

    /// The same for losses whose ``tensors`` mean the same.
    var form: String {
        let given = Modality.allCases.filter { conditions[$0] != nil }.map(\.rawValue)
        return given.joined(separator: ",") + "/" + terms.map { present[$0] == nil ? "-" : "+" }.joined()
    }

    /// The same loss on the tensors of another of the same form.
    func with(_ tensors: [Tensor]) -> AlignmentLoss {
        var (loss, tensors) = (self, tensors[...])
        for modality in Modality.allCases where conditions[modality] != nil {
            loss.conditions[modality] = tensors.removeFirst()
        }
        for term in terms where present[term] != nil { loss.present[term] = tensors.removeFirst() }
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
            if let present = present[term] { distance = try distance * present }
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
