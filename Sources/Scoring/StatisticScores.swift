internal import Evaluation
internal import Method

/// Statistics of one feature of both sides.
struct StatisticScores {
    let generated: FeatureShards
    /// There where the statistic needs one.
    let reference: FeatureShards?
    /// Whose way of a statistic where the field has several.
    let style: WaveStyle
    let algebra: OpenBLAS
    /// What sentences call the sides.
    var generatedName = "the generated side"
    var referenceName = "the reference"

    /// Fills in the value, or why there is none.
    /// - Returns: values of single samples, where the statistic is their mean.
    func score(_ statistic: Statistic, _ findings: inout MetricFindings) -> [(name: String, value: Double)] {
        describe(&findings)
        if let problem = Self.problem(generated, generatedName)
            ?? reference.flatMap({ Self.problem($0, referenceName) })
        {
            findings.problem = problem
            return []
        }
        findings.note = Self.note(generated, generatedName) ?? reference.flatMap { Self.note($0, referenceName) }
        do throws(StatisticsError) {
            let values = try value(of: statistic, &findings)
            dropInfinite(&findings)
            return values
        } catch {
            findings.problem = error.description + remedy(for: error)
            return []
        }
    }

    private func describe(_ findings: inout MetricFindings) {
        findings.samples = generated.samples.count
        findings.referenceSamples = reference?.samples.count
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

    /// A network that sees no difference between samples was given the same file again and again, or is broken.
    private static func note(_ rows: FeatureShards, _ side: String) -> String? {
        let (first, count) = (rows.shards.first { $0.values.rows > 0 }?.values[0], rows.count)
        let areEqual = rows.shards.allSatisfy { shard in
            (0..<shard.values.rows).allSatisfy { shard.values[$0] == first }
        }
        guard count > 1, areEqual else { return nil }
        return "all \(count) rows of \(side) are equal: look at its samples, and at how the features were taken"
    }

    private func remedy(for error: StatisticsError) -> String {
        guard case .tooFewRows = error else { return "" }
        return "; \(generatedName) has \(generated.count)"
            + (reference.map { " and \(referenceName) \($0.count)" } ?? "") + ": give more samples"
    }

    /// JSON has no infinity. What can be computed of finite features is infinite only where they are absurdly large.
    private func dropInfinite(_ findings: inout MetricFindings) {
        func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
        if let value = findings.value, !value.isFinite {
            findings.problem = "the value is not finite: some features are too large to be compared"
        }
        (findings.value, findings.deviation) = (finite(findings.value), finite(findings.deviation))
        (findings.slope, findings.rSquared) = (finite(findings.slope), finite(findings.rSquared))
    }

    private func value(
        of statistic: Statistic, _ findings: inout MetricFindings
    ) throws(StatisticsError) -> [(name: String, value: Double)] {
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
            return try divergences(from: reference, statistic, &findings)
        }
        return []
    }

    private func divergences(
        from reference: FeatureShards, _ statistic: Statistic, _ findings: inout MetricFindings
    ) throws(StatisticsError) -> [(name: String, value: Double)] {
        let variant: KLDivergence.Variant =
            switch (statistic, style) {
            case (.klSigmoid, _): .sigmoid
            case (_, .audioldmEval): .eps
            case (_, .avBenchmark): .exact
            }
        findings.variant = variant.rawValue
        guard generated.columns == reference.columns else { throw .widths(generated.columns, reference.columns) }
        let pairs: [SamplePairs.Pair]
        switch SamplePairs.of(generated.names, reference.names, sides: (generatedName, referenceName)) {
        case .pairs(let found): pairs = found
        case .problem(let problem):
            findings.problem = problem
            return []
        }
        let (all, partners) = (generated.all, reference.all)
        var values: [(name: String, value: Double)] = []
        for pair in pairs {
            let value = KLDivergence.of(all[pair.row], reference: partners[pair.partner], variant)
            if value.isFinite {
                values.append((pair.name, value))
            } else {
                findings.unusable[pair.name] = "its divergence is not finite: some of its logits are too large"
            }
        }
        return values
    }
}
