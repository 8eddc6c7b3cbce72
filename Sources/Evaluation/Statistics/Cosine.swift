/// The cosine of the angle between two embeddings.
package enum Cosine {
    /// −1…1; 0 where one of them is all zeros.
    /// - Parameters:
    ///   - one: an embedding.
    ///   - other: another of as many values.
    package static func of(_ one: some Sequence<Double>, _ other: some Sequence<Double>) -> Double {
        let (product, first, second) = zip(one, other).reduce((0.0, 0.0, 0.0)) {
            ($0.0 + $1.0 * $1.1, $0.1 + $1.0 * $1.0, $0.2 + $1.1 * $1.1)
        }
        return product / max(first.squareRoot() * second.squareRoot(), 1e-12)
    }
}
