internal import Torch

extension Tensor {
    /// A map `[B, C, H, W]` in the order in memory in which networks compute it: on the host with its channels innermost,
    /// which convolutions and normalisations are faster on, and in which positions are tokens as they lie; row-major on
    /// other devices. Weights lie as in their file: mapped, shared by the ranks of a node, never copied.
    func arrangedAsMap() throws(TorchError) -> Tensor { device == .cpu ? try channelsLast() : try contiguous() }
}

/// A convolution over two dimensions, `[B, C, H, W]`.
struct Conv2d: Sendable {
    private let weight: Tensor
    private let bias: Tensor?
    private let stride: [Int]
    private let padding: [Int]
    private let groups: Int

    init(
        _ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
        groups: Int = 1, bias: Bool = true
    ) throws {
        weight = try weights.tensor("weight", [outputs, inputs / groups, kernel, kernel])
        self.bias = bias ? try weights.tensor("bias", [outputs]) : nil
        self.stride = [stride, stride]
        self.padding = [padding, padding]
        self.groups = groups
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv(weight, bias, stride: stride, padding: padding, dilation: [1, 1], groups: groups)
    }
}

/// A convolution over time and two dimensions, `[B, C, T, H, W]`, with ``SamePlaces``.
struct Conv3d: Sendable {
    private let weight: Tensor
    private let bias: Tensor?
    private let places: SamePlaces

    init(_ weights: WeightScope, _ inputs: Int, _ outputs: Int, _ places: SamePlaces, bias: Bool) throws {
        weight = try weights.tensor("weight", [outputs, inputs] + places.kernel)
        self.bias = bias ? try weights.tensor("bias", [outputs]) : nil
        self.places = places
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        var x = x
        let padding = places.padding(Array(x.shape[2...]))
        // What the convolution adds itself need not be copied.
        let even = padding.allSatisfy { $0.before == $0.after }
        if !even { x = try x.padded(padding.reversed()) }
        return try x.conv(
            weight, bias, stride: places.stride, padding: even ? padding.map(\.before) : [0, 0, 0],
            dilation: [1, 1, 1])
    }
}

/// A convolution over time. The wave stands as `[B, C, 1, T]`, so that its channels can lie innermost.
struct Conv1d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let stride: Int
    private let padding: Int
    private let dilation: Int

    init(
        _ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int,
        dilation: Int = 1
    ) throws {
        weight = try weights.tensor("weight", [outputs, inputs, kernel]).unsqueeze(2)
        bias = try weights.tensor("bias", [outputs])
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv(weight, bias, stride: [1, stride], padding: [0, padding], dilation: [1, dilation])
    }
}

/// A transposed convolution over time, `[B, C, 1, T]`.
struct ConvTranspose1d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let stride: Int
    private let padding: Int

    init(_ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, padding: Int) throws {
        weight = try weights.tensor("weight", [inputs, outputs, kernel]).unsqueeze(2)
        bias = try weights.tensor("bias", [outputs])
        self.stride = stride
        self.padding = padding
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.convTranspose(weight, bias, stride: [1, stride], padding: [0, padding])
    }
}
