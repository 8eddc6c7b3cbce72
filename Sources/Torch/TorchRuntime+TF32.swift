internal import CTorch

extension TorchRuntime {
    /// Whether CUDA's products and convolutions in single precision may round what they multiply to TF32, whose fractions have
    /// 10 bits in place of 23. ``configure(threads:)`` forbids it.
    package static func allowTF32(_ isAllowed: Bool) throws(TorchError) { try check(sh_set_tf32(isAllowed)) }
}
