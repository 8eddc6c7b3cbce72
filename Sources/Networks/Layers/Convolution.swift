internal import Torch

/// How a convolution's weight lies in memory, and with it everything the layer computes.
enum ConvolutionLayout: Sendable {
    /// As in the file: mapped, shared by the ranks of a node, never copied.
    case stored
    /// Channels innermost on the host, where that saves oneDNN a reordering of every activation: a tenth of the time of
    /// decoders, up to a third where channels are few. Costs a copy of the weight. As stored on other devices.
    case channelsLast

    func arrange(_ weight: Tensor) throws(TorchError) -> Tensor {
        guard self == .channelsLast, weight.device == .cpu else { return weight }
        return try weight.channelsLast()
    }
}

/// A convolution over two dimensions, `[B, C, H, W]`.
struct Conv2d: Sendable {
    private let weight: Tensor
    private let bias: Tensor?
    private let stride: [Int]
    private let padding: [Int]

    init(
        _ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
        bias: Bool = true, layout: ConvolutionLayout = .stored
    ) throws {
        weight = try layout.arrange(weights.tensor("weight", [outputs, inputs, kernel, kernel]))
        self.bias = bias ? try weights.tensor("bias", [outputs]) : nil
        self.stride = [stride, stride]
        self.padding = [padding, padding]
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv(weight, bias, stride: stride, padding: padding, dilation: [1, 1])
    }
}

/// A convolution over time. The wave stands as `[B, C, 1, T]`, so that its channels can lie innermost.
struct Conv1d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let padding: Int
    private let dilation: Int

    init(_ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, padding: Int, dilation: Int = 1) throws {
        let stored = try weights.tensor("weight", [outputs, inputs, kernel])
        weight = try ConvolutionLayout.channelsLast.arrange(stored.unsqueeze(2))
        bias = try weights.tensor("bias", [outputs])
        self.padding = padding
        self.dilation = dilation
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv(weight, bias, stride: [1, 1], padding: [0, padding], dilation: [1, dilation])
    }
}

/// A transposed convolution over time, `[B, C, 1, T]`.
struct ConvTranspose1d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let stride: Int
    private let padding: Int

    init(_ weights: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, padding: Int) throws {
        let stored = try weights.tensor("weight", [inputs, outputs, kernel])
        weight = try ConvolutionLayout.channelsLast.arrange(stored.unsqueeze(2))
        bias = try weights.tensor("bias", [outputs])
        self.stride = stride
        self.padding = padding
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.convTranspose(weight, bias, stride: [1, stride], padding: [0, padding])
    }
}
