internal import Torch

/// A convolution over two dimensions, `[B, C, H, W]`.
struct Conv2d: Sendable {
    private let weight: Tensor
    private let bias: Tensor?
    private let stride: [Int]
    private let padding: [Int]

    init(
        _ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
        bias: Bool = true
    ) throws {
        weight = try weights.tensor("weight", [outputs, inputs, kernel, kernel])
        self.bias = bias ? try weights.tensor("bias", [outputs]) : nil
        self.stride = [stride, stride]
        self.padding = [padding, padding]
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv(weight, bias, stride: stride, padding: padding, dilation: [1, 1])
    }
}

/// A convolution over time, `[B, C, T]`.
struct Conv1d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let padding: Int
    private let dilation: Int

    init(_ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, padding: Int, dilation: Int = 1) throws {
        weight = try weights.tensor("weight", [outputs, inputs, kernel])
        bias = try weights.tensor("bias", [outputs])
        self.padding = padding
        self.dilation = dilation
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv(weight, bias, stride: [1], padding: [padding], dilation: [dilation])
    }
}

/// A transposed convolution over time, `[B, C, T]`.
struct ConvTranspose1d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let stride: Int
    private let padding: Int

    init(_ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, padding: Int) throws {
        weight = try weights.tensor("weight", [inputs, outputs, kernel])
        bias = try weights.tensor("bias", [outputs])
        self.stride = stride
        self.padding = padding
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.convTranspose1d(weight, bias, stride: stride, padding: padding)
    }
}
