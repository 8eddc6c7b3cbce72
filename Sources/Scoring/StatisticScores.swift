internal import Evaluation
internal import Method
internal import Planning

/// Statistics of one feature of both sides.
struct StatisticScores {
    private let evaluator: Evaluator
    private let feature: Feature

    init(_ evaluator: Evaluator, _ feature: Feature) {
        self.evaluator = evaluator
        self.feature = feature
    }

    /// Fills in the value, or why there is none.
    /// - Returns: values of single samples, where the statistic is their mean.
    func score(
        _ statistic: Statistic, _ findings: inout MetricFindings
    ) throws(ScoringError) -> [(name: String, value: Double)] {
        let generated = try evaluator.generated.rows(feature, of: .generated, logits: statistic.usesLogits)
        var reference: FeatureShards?
        if statistic.needsReference {
            guard let store = evaluator.reference, store.has(feature, of: .reference) else {
                throw .notTaken(feature: feature.description, side: "reference")
            }
            let rows = try store.rows(feature, of: .reference, logits: statistic.usesLogits)
            guard rows.identity == generated.identity else {
                findings.problem =
                    "the reference's features are of another network or way: \(rows.identity) and not \(generated.identity)"
                return []
            }
            reference = rows
        }
        describe(generated, reference, &findings)
        if let problem = Self.problem(generated, "the generated side")
            ?? reference.flatMap({ Self.problem($0, "the reference") })
        {
            findings.problem = problem
            return []
        }
        do throws(StatisticsError) {
            return try value(of: statistic, generated, reference, &findings)
        } catch {
            findings.problem = error.description
            return []
        }
    }

    private func describe(_ generated: FeatureShards, _ reference: FeatureShards?, _ findings: inout MetricFindings) {
        findings.samples = Set(generated.names).count
        findings.referenceSamples = reference.map { Set($0.names).count }
        findings.width = generated.columns
        if generated.count != findings.samples { findings.rows = generated.count }
        if let reference, reference.count != findings.referenceSamples { findings.referenceRows = reference.count }
    }

    /// What makes a set of features unfit for any statistic.
    private static func problem(_ rows: FeatureShards, _ side: String) -> String? {
        guard rows.count > 0 else { return "no sample of \(side) has these features" }
        for shard in rows.shards {
            if let place = shard.values.firstNonFinite {
                return "the features of \(shard.names[place.row]), of \(side), are not finite"
            }
        }
        return nil
    }

    private func value(
        of statistic: Statistic, _ generated: FeatureShards, _ reference: FeatureShards?,
        _ findings: inout MetricFindings
    ) throws(StatisticsError) -> [(name: String, value: Double)] {
        let algebra = evaluator.algebra
        switch (statistic, reference) {
        case (.inception, _):
            let score = try InceptionScore.of(generated.all)
            (findings.value, findings.deviation) = (score.mean, score.deviation)
        case (_, nil): break
        case (.frechet, let reference?):
            findings.value = try FrechetDistance.between(
                generated.moments(by: algebra), reference.moments(by: algebra), by: algebra)
        case (.frechetInfinity, let reference?):
            let line = try FrechetDistance.toInfinity(generated.all, reference.moments(by: algebra), by: algebra)
            (findings.value, findings.slope, findings.rSquared) = (line.value, line.slope, line.rSquared)
        case (.kernel, let reference?):
            findings.value = try KernelDistances.polynomial(generated.all, reference.all, by: algebra)
        case (.jedi, let reference?):
            findings.value =
                try 100
                * KernelDistances.polynomial(
                    generated.all, reference.all, degree: 2, constant: 0, unbiased: false, by: algebra)
        case (.kad, let reference?):
            findings.value = try KernelDistances.audio(generated.all, reference: reference.all, by: algebra)
        case (.kadtk, let reference?):
            findings.value = try KernelDistances.audio(
                generated.all, reference: reference.all, bandwidth: .kadtk, by: algebra)
        case (.kl, let reference?), (.klSigmoid, let reference?):
            return try divergences(of: generated, reference, statistic, &findings)
        }
        return []
    }

    private func divergences(
        of generated: FeatureShards, _ reference: FeatureShards, _ statistic: Statistic,
        _ findings: inout MetricFindings
    ) throws(StatisticsError) -> [(name: String, value: Double)] {
        let variant: KLDivergence.Variant =
            switch (statistic, evaluator.settings.style) {
            case (.klSigmoid, _): .sigmoid
            case (_, .audioldmEval): .eps
            case (_, .avBenchmark): .exact
            }
        findings.variant = variant.rawValue
        guard generated.columns == reference.columns else { throw .widths(generated.columns, reference.columns) }
        let (names, others) = (generated.names, reference.names)
        let places = Dictionary(others.enumerated().map { ($1, $0) }) { first, _ in first }
        let paired = names.filter { places[$0] != nil }
        let most = max(names.count, others.count)
        guard Double(paired.count) >= Evaluator.leastOverlap * Double(most) else {
            let lacking = Set(names).subtracting(others).sorted() + Set(others).subtracting(names).sorted()
            findings.problem =
                "\(paired.count) of \(most) samples have a partner of the same name, and 99 % are needed; without one: "
                + lacking.prefix(3).joined(separator: ", ")
            return []
        }
        let (all, partners) = (generated.all, reference.all)
        return zip(names, 0...).compactMap { name, row in
            places[name].map { (name, KLDivergence.of(all[row], reference: partners[$0], variant)) }
        }
    }
}
