import Foundation
import JSON
import TestSupport

@testable import Scoring

extension TemporaryFolder {
    /// A folder with an evaluation's two files.
    func evaluation(
        _ name: String, _ metrics: [MetricFindings], scores: SampleScores = SampleScores(), reference: String? = nil
    ) throws -> EvaluationFolder {
        func side(_ path: String) -> SetFindings {
            SetFindings(path: path, samples: 3, failed: [:], silent: [], missing: [])
        }
        let result = EvaluationResult(generated: side("/made"), reference: reference.map(side), metrics: metrics)
        try write(JSONCoding.encode(result), to: "\(name)/evaluation.json")
        try write(scores.lines(), to: "\(name)/scores.jsonl")
        return try EvaluationFolder("\(path)/\(name)")
    }
}

/// A metric of this project's own features.
func findings(
    _ metric: String, _ value: Double?, samples: Int = 3, feature: String = "cnn14/audioldm_eval",
    checkpoint: String = "aa"
) -> MetricFindings {
    var findings = MetricFindings(metric, FeatureIdentity(feature: feature, checkpoint: ["Cnn14.pth": checkpoint]))
    (findings.value, findings.samples) = (value, samples)
    return findings
}

/// One that is a mean, and its values.
func mean(_ metric: String, _ values: KeyValuePairs<String, Double>) -> (MetricFindings, SampleScores) {
    var (found, scores) = (findings(metric, nil), SampleScores())
    let pairs = values.map { (name: $0.key, value: $0.value) }
    found.take(meanOf: pairs)
    scores.add(pairs, of: metric)
    return (found, scores)
}
