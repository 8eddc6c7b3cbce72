package import Method
internal import Torch

extension MemoryPolicy {
    /// A part of a network, by what running it twice costs and saves.
    enum Part {
        /// Much to keep and little to compute: the last level of a decoder, the denoiser under prompt tuning.
        case bulky
        /// Everything else.
        case plain
    }

    /// Runs one piece of a network, keeping its activations or only its inputs.
    ///
    /// - Parameter inputs: everything through which a gradient may flow, one to three tensors.
    func run(
        _ part: Part, _ inputs: [Tensor], _ body: @escaping @Sendable ([Tensor]) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        switch (self, part) {
        case (.low, _), (.auto, .bulky): try Autograd.recomputing(inputs, body)
        case (.auto, .plain), (.high, _): try body(inputs)
        }
    }

    /// How many frames of a size are computed together, at least 1.
    package func slice(height: Int, width: Int) -> Int {
        switch self {
        case .low: 1
        case .auto: max(1, 512 * 512 / max(1, height * width))
        case .high: .max
        }
    }
}
