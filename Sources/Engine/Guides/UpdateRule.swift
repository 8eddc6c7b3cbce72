internal import Foundation
internal import Method
internal import Torch

/// One tensor's update from its gradient, with the state that the rule keeps between updates.
///
/// Each element is updated by itself, so that the samples of a batch do not see each other.
struct UpdateRule {
    private let optimizer: AlignerSettings.Optimizer
    private let rate: Double
    private var first: Tensor?
    private var second: Tensor?
    private var count = 0

    init(_ optimizer: AlignerSettings.Optimizer, rate: Double) {
        self.optimizer = optimizer
        self.rate = rate
    }

    /// Goes on with these rows, in this order.
    mutating func keep(_ places: [Int]) throws(TorchError) {
        first = try first?.rows(places)
        second = try second?.rows(places)
    }

    /// Source for Adam: `torch.optim.Adam` (β 0.9 and 0.999, ε 1e-8, no decay).
    mutating func update(_ value: Tensor, gradient: Tensor) throws(TorchError) -> Tensor {
        switch optimizer {
        case .sgd:
            return try value.adding(gradient, scaledBy: -rate)
        case .adam:
            count += 1
            let zero = try gradient * 0
            let mean = first ?? zero
            let m = try mean.adding(gradient - mean, scaledBy: 1 - 0.9)
            let v = try ((second ?? zero) * 0.999).adding(gradient.square(), scaledBy: 1 - 0.999)
            (first, second) = (m, v)
            let n = Double(count)
            let scale = 1 / (1 - Foundation.pow(0.999, n)).squareRoot()
            let denominator = try v.sqrt() * scale + 1e-8
            return try value.adding(m / denominator, scaledBy: -rate / (1 - Foundation.pow(0.9, n)))
        }
    }
}
