package import Torch

/// Numbers of mean 0 and variance 1, as `torch.randn` draws them.
package func randn(_ seed: UInt64, _ shape: [Int], dtype: DType = .float32) throws -> Tensor {
    try Generator(seed: seed).normal(shape, dtype: dtype)
}
