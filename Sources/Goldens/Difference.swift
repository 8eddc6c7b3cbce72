/// How far numbers are from those that are expected.
package enum Difference {
    /// `‖ours − expected‖ / ‖expected‖`; infinite where one of ours is no number, or their numbers differ.
    package static func relative(_ ours: [Double], to expected: [Double]) -> Double {
        relative(ours, to: expected, leavingOut: { _ in false })
    }

    /// The largest difference of two elements; infinite where one of ours is no number, or their numbers differ.
    /// - Parameter scale: what a difference is divided by, by the element that is expected.
    package static func largest(
        _ ours: [Double], to expected: [Double], scale: (Double) -> Double = { _ in 1 }
    ) -> Double {
        guard ours.count == expected.count else { return .infinity }
        return zip(ours, expected).reduce(0) { largest, pair in
            let difference = abs(pair.0 - pair.1) / scale(pair.1)
            return difference.isNaN ? .infinity : max(largest, difference)
        }
    }

    /// As ``relative(_:to:)``, without the elements whose gradient's sign is in doubt: a fresh Adam moves them by the learning rate, one
    /// way or the other.
    package static func relative(_ ours: [Double], to expected: [Double], bySignOf gradient: [Double]) -> Double {
        guard gradient.count == expected.count else { return .infinity }
        let size = (gradient.reduce(0) { $0 + $1 * $1 } / Double(max(gradient.count, 1))).squareRoot()
        return relative(ours, to: expected, leavingOut: { isDoubtful(gradient[$0], rms: size) })
    }

    /// Whether an element of a gradient is within four times its own tolerance of zero, where its sign is a matter of rounding.
    /// - Parameter rms: of the whole gradient.
    package static func isDoubtful(_ element: Double, rms: Double) -> Bool { !(abs(element) > 4 * 5e-3 * rms) }

    private static func relative(
        _ ours: [Double], to expected: [Double], leavingOut isLeftOut: (Int) -> Bool
    ) -> Double {
        guard ours.count == expected.count else { return .infinity }
        var difference = 0.0
        var norm = 0.0
        for (index, (a, b)) in zip(ours, expected).enumerated() {
            if !isLeftOut(index) { difference += (a - b) * (a - b) }
            norm += b * b
        }
        let result = (difference / max(norm, 1e-300)).squareRoot()
        return result.isNaN ? .infinity : result
    }
}
