internal import Torch

/// Normalisation over the last dimension.
struct LayerNorm: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let eps: Double

    init(_ weights: WeightScope, _ width: Int, eps: Double = 1e-5) throws {
        weight = try weights.tensor("weight", [width])
        bias = try weights.tensor("bias", [width])
        self.eps = eps
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x.layerNorm(weight, bias, eps: eps) }
}

/// Normalisation of each channel of `[B, C, …]` by the mean and the variance that training left.
struct BatchNorm: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let mean: Tensor
    private let variance: Tensor
    private let eps: Double

    init(_ weights: WeightScope, _ channels: Int, eps: Double = 1e-5) throws {
        weight = try weights.tensor("weight", [channels])
        bias = try weights.tensor("bias", [channels])
        mean = try weights.tensor("running_mean", [channels])
        variance = try weights.tensor("running_var", [channels])
        self.eps = eps
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.batchNorm(mean: mean, variance: variance, weight, bias, eps: eps)
    }

    /// The norm followed by ReLU, in its place.
    func relu(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.batchNorm(mean: mean, variance: variance, weight, bias, eps: eps, relu: true)
    }
}

/// Normalisation over groups of channels of `[B, C, …]`.
struct GroupNorm: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let groups: Int
    private let eps: Double

    init(_ weights: WeightScope, _ channels: Int, groups: Int, eps: Double) throws {
        weight = try weights.tensor("weight", [channels])
        bias = try weights.tensor("bias", [channels])
        self.groups = groups
        self.eps = eps
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x.groupNorm(groups, weight, bias, eps: eps) }

    /// The norm followed by SiLU, with one kept activation instead of two.
    func silu(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.groupNorm(groups, weight, bias, eps: eps, silu: true)
    }
}
