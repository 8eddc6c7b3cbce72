import Glibc

/// Scores of a classifier, one row for each sample, as probabilities.
enum ClassProbabilities {
    /// The natural logarithms of the softmax of one row.
    static func logarithms(_ logits: ArraySlice<Double>) -> [Double] {
        let most = logits.max() ?? 0
        let total = log(logits.reduce(0) { $0 + exp($1 - most) })
        return logits.map { $0 - most - total }
    }

    /// The softmax of one row.
    static func softmax(_ logits: ArraySlice<Double>) -> [Double] {
        let most = logits.max() ?? 0
        let powers = logits.map { exp($0 - most) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }
}
