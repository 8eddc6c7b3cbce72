package import Evaluation
package import Method
internal import Planning

/// Computes metrics from features that were taken.
package struct Evaluator: Sendable {
    let generated: FeatureStore
    let reference: FeatureStore?
    let settings: EvaluationSettings
    let algebra: OpenBLAS

    /// - Parameters:
    ///   - generated: where the features of the generated side are.
    ///   - reference: where those of the reference are; may be the same.
    package init(
        generated: FeatureStore, reference: FeatureStore?, settings: EvaluationSettings, algebra: OpenBLAS
    ) {
        self.generated = generated
        self.reference = reference
        self.settings = settings
        self.algebra = algebra
    }

    /// Computes every metric; one that has no value says why and leaves the others alone.
    /// - Throws: ``ScoringError`` where features cannot be read.
    package func evaluate() throws(ScoringError) -> (result: EvaluationResult, scores: SampleScores) {
        let (read, failed) = try generated.records(of: .generated)
        let others = try reference.flatMap { store throws(ScoringError) in
            store.path(of: .reference) == nil ? nil : try store.records(of: .reference)
        }
        let names = Set(read.map(\.name)).union(failed.map(\.name))
        let otherNames = others.map { Set($0.read.map(\.name)).union($0.failed.map(\.name)) }
        var found: [MetricFindings] = []
        var scores = SampleScores()
        for metric in settings.metrics {
            let (findings, values) = try findings(of: metric, read)
            found.append(findings)
            scores.add(values, of: metric.description)
        }
        let side = Self.findings(
            generated.path(of: .generated) ?? "", read, failed, missing: otherNames.map { $0.subtracting(names) } ?? [])
        let other = others.map { others in
            Self.findings(
                reference?.path(of: .reference) ?? "", others.read, others.failed,
                missing: names.subtracting(otherNames ?? []))
        }
        return (EvaluationResult(generated: side, reference: other, metrics: found), scores)
    }

    private static func findings(
        _ path: String, _ read: [FeatureRecord], _ failed: [(name: String, reason: String)], missing: Set<String>
    ) -> SetFindings {
        SetFindings(
            path: path, samples: read.count,
            failed: Dictionary(failed.map { ($0.name, $0.reason) }) { first, _ in first },
            silent: read.filter(\.isSilent).map(\.name).sorted(), missing: missing.sorted())
    }

    private func findings(
        of metric: Metric, _ records: [FeatureRecord]
    ) throws(ScoringError) -> (MetricFindings, [(name: String, value: Double)]) {
        let features = settings.features(of: metric)
        for feature in features where !generated.has(feature, of: .generated) {
            throw .notTaken(feature: feature.description, side: FeatureJob.Side.generated.rawValue)
        }
        var findings = MetricFindings(metric.description, generated.identity(of: features))
        findings.resampler = features.compactMap(\.resampler).first
        for record in records {
            for feature in features {
                if let problem = record.problems[feature.description] { findings.unusable[record.name] = problem }
            }
        }
        var values: [(name: String, value: Double)] = []
        switch metric {
        case .statistic(let statistic, _): values = try score(statistic, of: features[0], &findings)
        case .avAlign(let variant): values = try avAlign(variant, &findings)
        case .bind(let pair, let variant): values = try bind(pair, variant, features, &findings)
        }
        if metric.isMean { findings.take(meanOf: values) }
        return (findings, values)
    }
}
