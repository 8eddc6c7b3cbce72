internal import Evaluation
internal import Files
internal import Method

/// Both sides' features of another tool, and what is computed of them without any network.
package struct FeatureFiles: Sendable {
    private let generated: FeatureFile
    private let reference: FeatureFile?

    /// - Parameter reference: nil where no statistic compares.
    /// - Throws: ``FeatureFileError/widths(path:_:reference:_:)``.
    package init(_ generated: FeatureFile, reference: FeatureFile?) throws(FeatureFileError) {
        if let reference, reference.rows.columns != generated.rows.columns {
            throw .widths(
                path: generated.path, generated.rows.columns, reference: reference.path, reference.rows.columns)
        }
        self.generated = generated
        self.reference = reference
    }

    /// Computes every statistic; one that has no value says why and leaves the others alone.
    /// - Parameters:
    ///   - statistics: those that compare need a reference.
    ///   - style: whose divergence it is.
    func evaluate(
        _ statistics: [Statistic], style: WaveStyle, algebra: OpenBLAS
    ) -> (result: EvaluationResult, scores: SampleScores) {
        var scores = SampleScores()
        let found = statistics.map { statistic in
            var findings = MetricFindings(statistic.rawValue, generated.rows.identity)
            let other = statistic.needsReference ? reference?.rows : nil
            findings.referenceFeature = other?.identity
            let values = StatisticScores(
                generated: generated.rows, reference: other, style: style, algebra: algebra,
                generatedName: generated.path, referenceName: reference?.path ?? ""
            ).score(statistic, &findings)
            if statistic.isPaired { findings.take(meanOf: values) }
            scores.add(values, of: findings.metric)
            return findings
        }
        return (
            EvaluationResult(
                generated: Self.findings(generated, missing: reference),
                reference: reference.map { Self.findings($0, missing: generated) }, metrics: found), scores
        )
    }

    private static func findings(_ file: FeatureFile, missing other: FeatureFile?) -> SetFindings {
        let names = file.rows.samples
        return SetFindings(
            path: file.path, samples: names.count, failed: [:], silent: [],
            missing: (other?.rows.samples ?? []).subtracting(names).sorted().map(\.text))
    }
}
