internal import Foundation
internal import Method

/// MM-Diffusion's training schedule: β grows from 0.0001 to 0.02 in 1000 steps.
///
/// Source: `gaussian_diffusion.py` and `respace.py` of guided-diffusion, in double precision as there.
enum LinearBetas {
    static let trained = CoupledSampling.trained

    static let betas = (0..<trained).map { 1e-4 + Double($0) * ((0.02 - 1e-4) / Double(trained - 1)) }

    /// `ᾱ_t` of each training timestep.
    static let alphasCumprod = cumulative(betas)

    /// `∏ (1 − β)` up to each.
    static func cumulative(_ betas: [Double]) -> [Double] {
        var product = 1.0
        return betas.map { beta in
            product *= 1 - beta
            return product
        }
    }

    /// Every k-th timestep from 0, k the first stride that gives so many; nil where none does.
    static func strided(_ steps: Int) -> [Int]? {
        CoupledSampling.stride(of: steps).map { Array(stride(from: 0, to: trained, by: $0)) }
    }

    /// So many timesteps, evenly from 0 to the last.
    static func spread(_ steps: Int) -> [Int] {
        guard steps > 1 else { return [0] }
        return (0..<steps).map {
            Int((Double($0 * (trained - 1)) / Double(steps - 1)).rounded(.toNearestOrEven))
        }
    }
}
