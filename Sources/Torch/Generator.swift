internal import CTorch

/// Normal random numbers on the host: the numbers of `torch.Generator('cpu').manual_seed(seed)`.
package final class Generator {
    private let raw: SHGenerator

    package init(seed: UInt64) throws(TorchError) {
        var out: SHGenerator?
        let status = sh_generator_make(seed, &out)
        guard status == SH_OK, let out else { throw TorchError(status, "a random generator") }
        raw = out
    }

    deinit { sh_generator_free(raw) }

    /// Independent numbers of mean 0 and variance 1, as `torch.randn(shape, generator: self)`.
    package func normal(_ shape: [Int], dtype: DType = .float32) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(shape) { sh_randn($0, $1, raw, dtype.raw, out) } }
    }

    /// One whole number below each bound, one after the other, each as `torch.randint(bound, (1,), generator: self)`.
    /// - Parameter bounds: 1 to 2³².
    /// - Returns: `[bounds]`, int64.
    package func integers(below bounds: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(bounds) { sh_random_below($0, $1, raw, out) } }
    }
}
