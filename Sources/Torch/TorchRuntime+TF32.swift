internal import CTorch

extension TorchRuntime {
    /// Whether matrix products and convolutions in single precision may round their factors to TensorFloat-32's 10 bits on
    /// CUDA devices that have it. ``configure(threads:)`` turns it off.
    package static func allowTF32(_ isAllowed: Bool) throws(TorchError) { try check(sh_set_tf32(isAllowed)) }
}
