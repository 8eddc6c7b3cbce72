internal import Torch

/// How much of a forward pass is kept for the gradient, and how many pictures are decoded at once.
///
/// A fixed rule and never a look at the free memory: the same job computes the same bits on every node.
package enum MemoryPolicy: String, Sendable, Equatable, CaseIterable {
    /// Every network is cut into pieces; only what goes into a piece is kept, and the piece runs once more when the
    /// gradient is taken. Pictures are decoded one at a time.
    case low
    /// Only the pieces with the largest activations for their work run twice: the decoder's highest resolution, and the
    /// denoiser where a gradient runs through it. Pictures are decoded together as far as they are small.
    case auto
    /// Everything is kept, nothing runs twice.
    case high

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

    /// How many pictures of a size are decoded together, at least 1.
    func slice(height: Int, width: Int) -> Int {
        switch self {
        case .low: 1
        case .auto: max(1, 512 * 512 / max(1, height * width))
        case .high: .max
        }
    }
}
