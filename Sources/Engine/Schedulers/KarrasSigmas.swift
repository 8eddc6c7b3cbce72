internal import Foundation

/// Noise levels that crowd where there is little noise.
///
/// Source: Karras et al. 2022, eq. 5, ρ = 7; diffusers' `_convert_to_karras` and `_sigma_to_t`.
enum KarrasSigmas {
    private static let rho = 7.0

    /// - Returns: `count` levels from `highest` down to `lowest`; only the former where `count` is 1.
    static func levels(from highest: Double, to lowest: Double, count: Int) -> [Double] {
        let (high, low) = (pow(highest, 1 / rho), pow(lowest, 1 / rho))
        return (0..<count).map { i in
            let ramp = count > 1 ? Double(i) / Double(count - 1) : 0
            return pow(high + ramp * (low - high), rho)
        }
    }

    /// The training timestep of a level, between whole ones.
    ///
    /// - Parameter logarithms: of the level of each training timestep, ascending.
    static func timestep(of sigma: Double, among logarithms: [Float]) -> Double {
        guard logarithms.count > 1 else { return 0 }
        let wanted = log(max(sigma, 1e-10))
        let found = logarithms.lastIndex { Double($0) <= wanted } ?? 0
        let below = min(found, logarithms.count - 2)
        let (a, b) = (logarithms[below], logarithms[below + 1])
        let weight = min(max((Double(a) - wanted) / Double(a - b), 0), 1)
        return (1 - weight) * Double(below) + weight * Double(below + 1)
    }
}
