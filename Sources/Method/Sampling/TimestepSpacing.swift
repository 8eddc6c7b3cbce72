/// How the timesteps of a run are spread over those of training (Lin et al. 2023, table 2), by diffusers' names.
package enum TimestepSpacing: String, Codable, Sendable, CaseIterable {
    case leading, linspace, trailing

    /// `0, gap, 2 · gap …` descending, with an offset.
    package static func leading(_ points: Int, gap: Int, offset: Int) -> [Double] {
        (0..<points).reversed().map { Double($0 * gap + offset) }
    }

    /// Evenly from the last timestep down to 0, not rounded; the offset is not used here, as in diffusers.
    package static func linspace(_ points: Int, last: Int) -> [Double] {
        let gap = points > 1 ? Double(last) / Double(points - 1) : 0
        // As NumPy: a point is a multiple of the gap, and the last one is the end itself.
        return (0..<points).reversed().map { $0 > 0 && $0 == points - 1 ? Double(last) : Double($0) * gap }
    }

    /// `first, first − gap …` down to 0, each rounded and less one; at most `steps` of them, where NumPy's rounding makes
    /// one too many.
    package static func trailing(_ steps: Int, first: Int, trained: Int) -> [Double] {
        // NumPy's `arange` goes in steps of the difference of its first two numbers, which decides about halves.
        let (start, gap) = (Double(first), Double(trained) / Double(steps))
        let difference = (start - gap) - start
        let count = min(steps, Int((start / gap).rounded(.up)))
        return (0..<count).map { (start + Double($0) * difference).rounded(.toNearestOrEven) - 1 }
    }
}
