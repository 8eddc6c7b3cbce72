internal import Evaluation
internal import Method
internal import Planning

extension Evaluator {
    /// Cosines of two of each generated sample's embeddings. What a sample itself lacks, such as the video in a folder of
    /// sounds, is its partner's of the reference.
    func bind(
        _ pair: BindPair, _ variant: BindVariant, _ features: [Feature], _ findings: inout MetricFindings
    ) throws(ScoringError) -> [(name: String, value: Double)] {
        var sides: [(own: Embeddings, others: Embeddings)] = []
        for feature in features {
            let own = try Embeddings(generated.rows(feature, of: .generated))
            var others = Embeddings()
            if let reference, reference.has(feature, of: .reference) {
                let rows = try reference.rows(feature, of: .reference)
                guard rows.count == 0 || rows.identity == generated.identity(of: feature) else {
                    findings.problem =
                        "the reference's embeddings are by other weights: \(rows.identity) and not \(generated.identity(of: feature))"
                    return []
                }
                others = Embeddings(rows)
            }
            sides.append((own, others))
        }
        findings.isInObjective = true
        findings.variant = variant.rawValue
        let reasons = findings.unusable
        findings.unusable = [:]
        var borrowed = 0
        var values: [(name: String, value: Double)] = []
        for record in try generated.records(of: .generated).read {
            let own = sides.map { $0.own[record.name] }
            let two = zip(own, sides).map { $0 ?? $1.others[record.name] }
            guard let first = two[0], let second = two[1] else {
                findings.unusable[record.name] = reasons[record.name] ?? "it has not both of what is compared"
                continue
            }
            if own.contains(where: { $0 == nil }) { borrowed += 1 }
            values.append((record.name, Cosine.of(first, second) * variant.scale))
        }
        if borrowed > 0 { findings.referenceSamples = borrowed }
        findings.width = sides.map(\.own.width).max()
        if values.isEmpty { findings.problem = "no sample has both of what is compared" }
        return values
    }

    /// A row a sample, by name.
    private struct Embeddings {
        private var places: [String: Int] = [:]
        private var rows = Matrix(rows: 0, columns: 0)

        init() {}

        init(_ shards: FeatureShards) {
            rows = shards.all
            places = Dictionary(shards.names.enumerated().map { ($1, $0) }) { first, _ in first }
        }

        var width: Int { rows.columns }

        subscript(name: String) -> ArraySlice<Double>? { places[name].map { rows[$0] } }
    }
}
