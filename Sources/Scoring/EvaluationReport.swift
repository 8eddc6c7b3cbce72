internal import Evaluation
internal import Files
internal import Foundation
internal import JSON
package import Method
package import Planning

/// Computes metrics from features, keeps what was found beside them, and says it to people.
package enum EvaluationReport {
    /// The name of the file with the metrics.
    package static let resultName = "evaluation.json"
    /// The name of the file with the values of samples, one JSON object a line.
    package static let scoresName = "scores.jsonl"

    /// - Parameters:
    ///   - features: the run that took them; `evaluation.json` and `scores.jsonl` are written there.
    ///   - reference: another run that took the reference's; nil where one took both.
    ///   - expected: what the features have to have been taken of, where somebody says so.
    /// - Returns: the table, and what a reader has to know.
    /// - Throws: ``ScoringError``; errors of files.
    package static func write(
        _ features: RunDirectory, reference: RunDirectory? = nil, expected: [FeatureJob.Side: String] = [:],
        settings: EvaluationSettings
    ) throws -> (result: EvaluationResult, table: EvaluationTable) {
        let store = try FeatureStore(features)
        let other = try reference.map { try FeatureStore($0) } ?? store
        for (side, store) in [(FeatureJob.Side.generated, store), (.reference, other)] {
            guard let wanted = expected[side], let found = store.path(of: side), found != wanted else { continue }
            throw ScoringError.otherSource(side: side.rawValue, found: found, wanted: wanted)
        }
        let (result, scores) = try Evaluator(
            generated: store, reference: other, settings: settings, algebra: try algebra()
        ).evaluate()
        try keep(result, scores, in: features.url.path)
        return (result, EvaluationTable(result))
    }

    /// The same of features of another tool.
    /// - Parameters:
    ///   - folder: where the two files are written; made where it does not exist.
    /// - Throws: ``ScoringError``; ``FeatureFileError``; errors of files.
    package static func write(
        _ files: FeatureFiles, _ statistics: [Statistic], style: WaveStyle, to folder: String
    ) throws -> (result: EvaluationResult, table: EvaluationTable) {
        guard PathKind("\(folder)/run.json") == .nothing else { throw FeatureFileError.runDirectory(path: folder) }
        let (result, scores) = files.evaluate(statistics, style: style, algebra: try algebra())
        try Directory.create(folder)
        try keep(result, scores, in: folder)
        return (result, EvaluationTable(result))
    }

    private static func algebra() throws(ScoringError) -> OpenBLAS {
        do throws(OpenBLASError) {
            return try OpenBLAS.shared.get()
        } catch {
            throw .algebra(error.description)
        }
    }

    private static func keep(_ result: EvaluationResult, _ scores: SampleScores, in folder: String) throws {
        try AtomicFile.write(
            JSONCoding.encode(result, pretty: true) + Array("\n".utf8), to: "\(folder)/\(resultName)")
        try AtomicFile.write(scores.lines(), to: "\(folder)/\(scoresName)")
    }
}
