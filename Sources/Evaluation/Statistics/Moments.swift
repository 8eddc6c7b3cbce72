/// How many rows a set of features has, their mean, and the sum of the outer products of their deviations from it: all that a
/// Fréchet distance asks of a set. Sets are put together by merging, in the order of their shards.
package struct Moments: Sendable, Equatable {
    /// Rows.
    package let count: Int
    /// The mean of each feature; zeros where there is no row.
    package let mean: [Double]
    /// `[d, d]`, `Σ (x − mean)(x − mean)ᵀ`.
    package let scatter: Matrix

    /// Values in a row.
    package var width: Int { mean.count }

    /// No rows.
    package init(width: Int) {
        self.init(count: 0, mean: [Double](repeating: 0, count: width), scatter: Matrix(rows: width, columns: width))
    }

    /// What was computed before.
    package init(count: Int, mean: [Double], scatter: Matrix) {
        precondition(
            scatter.rows == mean.count && scatter.columns == mean.count, "a scatter matrix is as wide as the mean")
        self.count = count
        self.mean = mean
        self.scatter = scatter
    }

    /// Those of rows.
    package init(of rows: Matrix, by algebra: OpenBLAS) {
        let mean = rows.columnMeans
        self.init(count: rows.rows, mean: mean, scatter: algebra.gram(rows.less(mean)))
    }

    /// Those of both sets' rows together.
    ///
    /// Source: Chan, Golub and LeVeque, 1979: with δ = m₂ − m₁, m = m₁ + δ n₂/n and M = M₁ + M₂ + δδᵀ n₁n₂/n.
    /// - Throws: ``StatisticsError/widths(_:_:)``.
    package func merged(with other: Moments) throws(StatisticsError) -> Moments {
        guard width == other.width else { throw .widths(width, other.width) }
        if count == 0 { return other }
        if other.count == 0 { return self }
        let total = Double(count + other.count)
        let delta = zip(mean, other.mean).map { $1 - $0 }
        let share = Double(other.count) / total
        let outer = Double(count) * Double(other.count) / total
        var values = [Double](repeating: 0, count: width * width)
        for row in 0..<width {
            for column in 0..<width {
                let at = row * width + column
                values[at] = scatter.values[at] + other.scatter.values[at] + delta[row] * delta[column] * outer
            }
        }
        return Moments(
            count: count + other.count, mean: zip(mean, delta).map { $0 + $1 * share },
            scatter: Matrix(rows: width, columns: width, values: values))
    }

    /// The covariance, over n − 1.
    /// - Throws: ``StatisticsError/tooFewRows(found:needed:what:)``.
    func covariance() throws(StatisticsError) -> Matrix {
        guard count >= 2 else { throw .tooFewRows(found: count, needed: 2, what: "a covariance") }
        let scale = 1 / Double(count - 1)
        return Matrix(rows: width, columns: width, values: scatter.values.map { $0 * scale })
    }
}
