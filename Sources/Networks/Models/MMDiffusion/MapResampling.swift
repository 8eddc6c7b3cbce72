internal import Torch

/// How a block makes a map smaller, by the mean of neighbours, or larger, by repeating them.
enum MapResampling: Sendable, Equatable {
    case down, up

    /// - Parameters:
    ///   - x: `[B, C, H, W]`.
    ///   - height: the factor for H; likewise the width's.
    func callAsFunction(_ x: Tensor, height: Int, width: Int) throws(TorchError) -> Tensor {
        switch self {
        case .down: try x.averagePool([height, width], stride: [height, width])
        case .up: try x.upsampledNearest(height: height * x.size(2), width: width * x.size(3))
        }
    }
}
