/// The Fréchet distance of two sets of features, taken as Gaussians: FAD, FD and FVD, by the network whose features they are.
///
/// `‖μ₁ − μ₂‖² + tr S₁ + tr S₂ − 2 tr (S₁S₂)^½`. With `S = R Rᵀ` the last term is the sum of the singular values of `R₁ᵀR₂`,
/// exact to rounding. Eigenvalues of a product, and square roots of such, are exact to the root of that alone, which adds up
/// where there are fewer rows than features.
package enum FrechetDistance {
    /// - Parameter algebra: does the sums.
    /// - Returns: the distance: 0 for a set and itself, up to rounding.
    /// - Throws: ``StatisticsError`` for fewer than two rows and for unlike widths.
    package static func between(_ one: Moments, _ other: Moments, by algebra: OpenBLAS) throws(StatisticsError)
        -> Double
    {
        try between(one, root(other, by: algebra), by: algebra)
    }

    /// What a set is asked for once, however many others it is compared with.
    struct Root {
        let mean: [Double]
        let trace: Double
        /// `Rᵀ`, `[rank, d]`.
        let rows: Matrix
    }

    static func between(_ one: Moments, _ other: Root, by algebra: OpenBLAS) throws(StatisticsError) -> Double {
        guard one.width == other.mean.count else { throw .widths(one.width, other.mean.count) }
        let root = try root(one, by: algebra)
        let cross = try algebra.singularValues(of: algebra.products(root.rows, other.rows)).reduce(0, +)
        let shift = zip(root.mean, other.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return shift + root.trace + other.trace - 2 * cross
    }

    /// Directions whose variance is below d·ε of the largest are left out: their roots would be noise of the size √ε.
    static func root(_ set: Moments, by algebra: OpenBLAS) throws(StatisticsError) -> Root {
        let covariance = try set.covariance()
        let (values, vectors) = try algebra.eigen(ofSymmetric: covariance)
        let least = Double(set.width) * .ulpOfOne * (values.last ?? 0)
        let first = values.firstIndex { $0 > least } ?? values.count
        let kept = vectors[rows: first..<values.count].scaled(values[first...].map { $0.squareRoot() })
        return Root(mean: set.mean, trace: covariance.trace, rows: kept)
    }

    /// The distance as it would be for infinitely many rows, by the straight line through distances of smaller sets over 1/n.
    package struct Extrapolation: Sendable, Equatable {
        /// The distance at 1/n = 0.
        package let value: Double
        /// How much it falls with 1/n.
        package let slope: Double
        /// How much of the distances' variance the line explains, 0…1; NaN where they are all equal.
        package let rSquared: Double
    }

    /// - Parameters:
    ///   - features: of the generated side; its subsets are the first n rows of `RandomState(seed + i).permutation`.
    ///   - reference: the other side, whole each time.
    ///   - steps: how many sizes, evenly from `smallest` to all.
    ///   - smallest: the smallest size; a third of the rows where nil.
    ///   - seed: of the first permutation.
    /// - Throws: ``StatisticsError``.
    ///
    /// Source: Gui et al., 2024 (FAD∞), with its seeds made fixed.
    package static func toInfinity(
        _ features: Matrix, _ reference: Moments, steps: Int = 15, smallest: Int? = nil, seed: UInt32 = 2020,
        by algebra: OpenBLAS
    ) throws(StatisticsError) -> Extrapolation {
        let smallest = smallest ?? max(2, features.rows / 3)
        guard features.rows > smallest, smallest >= 2 else {
            throw .tooFewRows(found: features.rows, needed: max(3, smallest + 1), what: "a distance to infinity")
        }
        let other = try root(reference, by: algebra)
        var (inverse, distances): ([Double], [Double]) = ([], [])
        for step in 0..<steps {
            let size = Int(Double(smallest) + Double(features.rows - smallest) * Double(step) / Double(steps - 1))
            var generator = RandomState(seed: seed + UInt32(step))
            let subset = features.rows(generator.permutation(features.rows).prefix(size))
            distances.append(try between(Moments(of: subset, by: algebra), other, by: algebra))
            inverse.append(1 / Double(size))
        }
        let (t, f) = (inverse.reduce(0, +) / Double(steps), distances.reduce(0, +) / Double(steps))
        let spread = inverse.reduce(0) { $0 + ($1 - t) * ($1 - t) }
        let slope = zip(inverse, distances).reduce(0) { $0 + ($1.0 - t) * ($1.1 - f) } / spread
        let value = f - slope * t
        let left = zip(inverse, distances).reduce(0) { sum, at in
            let off = at.1 - value - slope * at.0
            return sum + off * off
        }
        let all = distances.reduce(0) { $0 + ($1 - f) * ($1 - f) }
        return Extrapolation(value: value, slope: slope, rSquared: 1 - left / all)
    }
}
