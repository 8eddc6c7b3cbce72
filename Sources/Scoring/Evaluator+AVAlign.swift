internal import AVAlign
internal import Method
internal import Planning

extension Evaluator {
    /// The scores of samples in which something begins or moves; where neither does, there is none in most variants.
    func avAlign(
        _ variant: AVAlignVariant, _ findings: inout MetricFindings
    ) throws(ScoringError) -> [(name: String, value: Double)] {
        var values: [(name: String, value: Double)] = []
        for (name, peaks) in try generated.peaks(of: .generated) {
            if let value = peaks.score(variant) {
                values.append((name, value))
            } else {
                findings.unusable[name] = "nothing begins in its sound and nothing moves in its frames"
            }
        }
        findings.variant = variant.rawValue
        if values.isEmpty { findings.problem = "no sample has an onset or a movement to compare" }
        return values
    }
}
