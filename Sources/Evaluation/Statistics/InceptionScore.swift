import Glibc

/// The Inception score of a set by itself: `exp` of how far, in the mean, a sample's classes are from those of all.
package enum InceptionScore {
    /// Of several equal parts of the set.
    package struct Value: Sendable, Equatable {
        /// The mean over the parts: from 1 up to the number of classes.
        package let mean: Double
        /// The parts' deviation (over n, not n − 1).
        package let deviation: Double
    }

    /// - Parameters:
    ///   - logits: a row for each sample, in the order of their names.
    ///   - splits: how many parts: the i-th from ⌊iN/splits⌋ on.
    ///   - seed: of the `RandomState` whose permutation comes first; nil leaves the order.
    /// - Throws: ``StatisticsError/tooFewRows(found:needed:what:)`` for fewer rows than parts.
    ///
    /// Source: Salimans et al., 2016; `torch-fidelity`.
    package static func of(_ logits: Matrix, splits: Int = 10, seed: UInt32? = 2020) throws(StatisticsError) -> Value {
        guard logits.rows >= splits else {
            throw .tooFewRows(found: logits.rows, needed: splits, what: "an Inception score in \(splits) parts")
        }
        var order = Array(0..<logits.rows)
        if let seed {
            var generator = RandomState(seed: seed)
            order = generator.permutation(logits.rows)
        }
        let scores = (0..<splits).map { part in
            let rows = order[part * logits.rows / splits..<(part + 1) * logits.rows / splits]
            let logarithms = rows.map { ClassProbabilities.logarithms(logits[$0]) }
            var mean = [Double](repeating: 0, count: logits.columns)
            for row in rows {
                for (column, p) in ClassProbabilities.softmax(logits[row]).enumerated() { mean[column] += p }
            }
            let all = mean.map { log($0 / Double(rows.count)) }
            let divergence = logarithms.reduce(0) { sum, row in
                sum + zip(row, all).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
            }
            return exp(divergence / Double(rows.count))
        }
        let mean = scores.reduce(0, +) / Double(splits)
        let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(splits)
        return Value(mean: mean, deviation: variance.squareRoot())
    }
}
