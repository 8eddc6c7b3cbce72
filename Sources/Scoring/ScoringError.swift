/// Why there are no scores.
package enum ScoringError: Error, Equatable, CustomStringConvertible {
    /// The run of features cannot be read; a sentence that names the file.
    case features(String)
    case noFeatures(path: String)
    case unfinished(path: String, shards: Int, of: Int)
    case damaged(String)
    case notTaken(feature: String, side: String)
    case otherSource(side: String, found: String, wanted: String)
    case algebra(String)

    /// Whether it is not the command that is wrong.
    package var isFailure: Bool {
        switch self {
        case .features, .damaged, .algebra: true
        case .noFeatures, .unfinished, .notTaken, .otherSource: false
        }
    }

    package var description: String {
        switch self {
        case .features(let sentence), .algebra(let sentence): sentence
        case .noFeatures(let path):
            "\(path) is a run that holds samples and no features: take them with seehear-worker eval"
        case .unfinished(let path, let shards, let all):
            "\(path) has \(shards) of \(all) shards of features: let seehear-worker eval go on"
        case .otherSource(let side, let found, let wanted):
            "the features of the \(side) side were taken of \(found), and not of \(wanted): take those, or name the others"
        case .damaged(let sentence): "a shard of features holds what it should not: \(sentence)"
        case .notTaken(let feature, let side):
            "features \(feature) of the \(side) side were not taken: name the metric to seehear-worker eval first"
        }
    }
}
