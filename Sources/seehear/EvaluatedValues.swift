import Files
import Foundation
import Planning
import Scoring

/// What an evaluation of a run says of its samples, by one of its metrics.
struct EvaluatedValues {
    let metric: String
    let scores: SampleScores
    /// What may not be meant.
    let note: String?

    /// - Parameters:
    ///   - folder: of the evaluation; nil for that of the run.
    ///   - metric: what somebody calls it.
    /// - Throws: `EvaluationFolderError`; ``UnknownOrder`` where no sample has such a value.
    init(of run: RunDirectory, in folder: String?, metric: String) throws {
        let path = run.url.standardizedFileURL.path
        let place = folder ?? "\(path)/evaluation"
        if folder == nil, PathKind(place) == .nothing { throw UnknownOrder(name: metric, evaluation: nil, metrics: []) }
        let evaluation = try EvaluationFolder(place)
        guard let known = evaluation.metric(named: metric) else {
            throw UnknownOrder(name: metric, evaluation: evaluation.path, metrics: evaluation.scores.metrics)
        }
        (self.metric, scores) = (known, evaluation.scores)
        // A run that was moved takes its own evaluation along.
        note =
            folder == nil || evaluation.result.generated.path == path
            ? nil : "note: \(evaluation.path) is an evaluation of \(evaluation.result.generated.path)"
    }
}

/// Something that samples cannot be listed by.
struct UnknownOrder: Error, CustomStringConvertible {
    let name: String
    /// The folder of the evaluation that was looked at; nil where the run has none.
    let evaluation: String?
    let metrics: [String]

    var description: String {
        let own = RunListing.Order.named.map(\.word).joined(separator: ", ")
        let remedy =
            evaluation.map {
                metrics.isEmpty
                    ? "; \($0) has no values of single samples" : ", and of \($0) \(metrics.joined(separator: ", "))"
            } ?? "; the run has no folder evaluation, which seehear-worker eval makes, and --evaluation names another"
        return "--sort: there is no `\(name)`; there are \(own)\(remedy)"
    }
}
