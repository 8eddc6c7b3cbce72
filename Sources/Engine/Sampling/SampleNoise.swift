internal import Torch

extension [Generator] {
    /// Normal numbers for a batch, each sample's from its own generator.
    ///
    /// - Parameter shape: of one sample.
    func noise(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Tensor.cat(map { generator throws(TorchError) in try generator.normal([1] + shape) }, 0)
    }

    /// Normal numbers of a latent's shape, in its type and on its device.
    func noise(like z: Tensor) throws(TorchError) -> Tensor {
        guard count == z.size(0) else {
            throw .refused(operation: "the noise of a step", message: "\(count) generators for \(z.size(0)) samples")
        }
        return try noise(Array<Int>(z.shape[1...])).to(z.dtype).uploaded(to: z.device)
    }
}
