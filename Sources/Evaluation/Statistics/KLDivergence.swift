import Glibc

/// The Kullback-Leibler divergence of a generated sample's classes from its reference's.
package enum KLDivergence {
    /// How it is computed; the evaluators of the field differ.
    package enum Variant: String, Sendable, CaseIterable {
        /// `Σ p (ln p − ln(q + 10⁻⁶))` of softmaxes, as `audioldm_eval` has it. A little below 0 for equal ones; at most 13.8155.
        case eps
        /// `Σ p (ln p − ln q)` with both logarithms from the logits, as `av-benchmark` has it.
        case exact
        /// As `eps`, of the sigmoid of each class by itself, as `audioldm_eval` prints it beside.
        case sigmoid
    }

    /// - Parameters:
    ///   - generated: logits of one sample.
    ///   - reference: those of its reference, as many.
    /// - Returns: KL(reference ‖ generated), nats.
    package static func of(_ generated: ArraySlice<Double>, reference: ArraySlice<Double>, _ variant: Variant) -> Double
    {
        switch variant {
        case .exact:
            let (p, q) = (ClassProbabilities.logarithms(reference), ClassProbabilities.logarithms(generated))
            return zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
        case .eps:
            return smoothed(ClassProbabilities.softmax(reference), ClassProbabilities.softmax(generated))
        case .sigmoid:
            return smoothed(reference.map { 1 / (1 + exp(-$0)) }, generated.map { 1 / (1 + exp(-$0)) })
        }
    }

    /// - Parameters:
    ///   - generated: logits, a row for each sample.
    ///   - reference: those of the same samples in the same order.
    /// - Returns: the divergence of each pair.
    /// - Throws: ``StatisticsError`` for unlike numbers of rows or classes.
    package static func ofPairs(
        _ generated: Matrix, reference: Matrix, _ variant: Variant
    ) throws(StatisticsError) -> [Double] {
        guard generated.rows == reference.rows else { throw .unpaired(generated.rows, reference.rows) }
        guard generated.columns == reference.columns else { throw .widths(generated.columns, reference.columns) }
        return (0..<generated.rows).map { of(generated[$0], reference: reference[$0], variant) }
    }

    private static func smoothed(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * log($1.0) : 0) - $1.0 * log($1.1 + 1e-6) }
    }
}
