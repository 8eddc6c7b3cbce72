import Glibc

/// Squared maximum mean discrepancies of two sets of features: means of a kernel within each set and across both.
package enum KernelDistances {
    /// How many rows are multiplied at a time, so that no whole table of kernels has to be held.
    static let piece = 256

    /// `k = (γ x·y + c)^degree`. The defaults are KVD's and KID's, over the whole sets; JEDi's is of degree 2 without a
    /// constant, biased, and a hundredfold.
    /// - Parameters:
    ///   - gamma: 1 over the width where nil.
    ///   - unbiased: without a row's kernel with itself; may then be below 0.
    /// - Throws: ``StatisticsError`` for too few rows and unlike widths.
    package static func polynomial(
        _ one: Matrix, _ other: Matrix, degree: Int = 3, gamma: Double? = nil, constant: Double = 1,
        unbiased: Bool = true, by algebra: OpenBLAS
    ) throws(StatisticsError) -> Double {
        let gamma = gamma ?? 1 / Double(one.columns)
        return try discrepancy(one, other, unbiased: unbiased) { a, b in
            algebra.products(a, b).values.map { product in
                let base = product * gamma + constant
                return (1..<max(degree, 1)).reduce(base) { power, _ in power * base }
            }
        }
    }

    /// Whose distances set the width of KAD's kernel.
    package enum Bandwidth: String, Sendable, CaseIterable {
        /// The median of the reference's distances, as the paper has it.
        case reference
        /// The median of the evaluated set's, as the program `kadtk` computes it.
        case kadtk
    }

    /// The kernel audio distance, a hundred times the unbiased discrepancy of `k = exp(−‖x − y‖² / (2σ² + 10⁻⁸))`, σ the
    /// median of all distances within a set.
    /// - Throws: ``StatisticsError``, also for a set whose features are all equal.
    ///
    /// Source: Chung et al., 2025 (KAD), and `kadtk`.
    package static func audio(
        _ generated: Matrix, reference: Matrix, bandwidth: Bandwidth = .reference, by algebra: OpenBLAS
    ) throws(StatisticsError) -> Double {
        guard generated.columns == reference.columns else { throw .widths(generated.columns, reference.columns) }
        let scale = try medianDistance(bandwidth == .reference ? reference : generated, by: algebra)
        guard scale > 0 else { throw .constant(bandwidth == .reference ? "the reference" : "the evaluated set") }
        let over = 1 / (2 * scale * scale + 1e-8)
        // Distances do not change with the origin, and are the more exact the nearer it is.
        let origin = reference.columnMeans
        return try 100
            * discrepancy(generated.less(origin), reference.less(origin), unbiased: true) { a, b in
                squaredDistances(a, b, by: algebra).map { exp(-$0 * over) }
            }
    }

    /// The lower median of the distances of all pairs of rows.
    /// - Throws: ``StatisticsError/tooFewRows(found:needed:what:)``.
    package static func medianDistance(_ rows: Matrix, by algebra: OpenBLAS) throws(StatisticsError) -> Double {
        guard rows.rows >= 2 else { throw .tooFewRows(found: rows.rows, needed: 2, what: "a median distance") }
        let rows = rows.less(rows.columnMeans)
        let pairs = rows.rows * (rows.rows - 1) / 2
        var search = OrderStatistic(rank: (pairs - 1) / 2)
        repeat {
            for start in stride(from: 0, to: rows.rows, by: piece) {
                let of = rows[rows: start..<min(start + piece, rows.rows)]
                let with = rows[rows: start..<rows.rows]
                let squares = squaredDistances(of, with, by: algebra)
                for row in 0..<of.rows {
                    // Above the diagonal: each pair once.
                    search.see(squares[row * with.rows + row + 1..<(row + 1) * with.rows])
                }
            }
        } while !search.narrowed()
        return search.value.squareRoot()
    }

    private static func squaredDistances(_ a: Matrix, _ b: Matrix, by algebra: OpenBLAS) -> [Double] {
        let (lengths, others) = (a.squaredLengths, b.squaredLengths)
        var squares = algebra.products(a, b).values
        for row in 0..<a.rows {
            for column in 0..<b.rows {
                let at = row * b.rows + column
                squares[at] = max(lengths[row] + others[column] - 2 * squares[at], 0)
            }
        }
        return squares
    }

    private static func discrepancy(
        _ one: Matrix, _ other: Matrix, unbiased: Bool, kernel: (Matrix, Matrix) -> [Double]
    ) throws(StatisticsError) -> Double {
        guard one.columns == other.columns else { throw .widths(one.columns, other.columns) }
        for set in [one, other] where set.rows < (unbiased ? 2 : 1) {
            throw .tooFewRows(found: set.rows, needed: unbiased ? 2 : 1, what: "a kernel distance")
        }
        func sums(_ a: Matrix, _ b: Matrix) -> (all: Double, diagonal: Double) {
            var sums = (all: 0.0, diagonal: 0.0)
            for start in stride(from: 0, to: a.rows, by: piece) {
                let of = a[rows: start..<min(start + piece, a.rows)]
                let values = kernel(of, b)
                for row in 0..<of.rows {
                    sums.all += values[row * b.rows..<(row + 1) * b.rows].reduce(0, +)
                    if start + row < b.rows { sums.diagonal += values[row * b.rows + start + row] }
                }
            }
            return sums
        }
        func within(_ set: Matrix) -> Double {
            let (all, diagonal) = sums(set, set)
            let n = Double(set.rows)
            return unbiased ? (all - diagonal) / (n * (n - 1)) : all / (n * n)
        }
        let across = sums(one, other).all / (Double(one.rows) * Double(other.rows))
        return within(one) + within(other) - 2 * across
    }
}
