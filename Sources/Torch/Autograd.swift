internal import CTorch

/// Gradients of a scalar with respect to chosen tensors.
package enum Autograd {
    /// Runs a block in which nothing is recorded, whatever its inputs require.
    package static func disabled<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
        let before = sh_set_grad_enabled(false)
        defer { _ = sh_set_grad_enabled(before) }
        return try body()
    }

    /// The gradients of a scalar.
    ///
    /// - Parameters:
    ///   - scalar: a tensor of one element.
    ///   - inputs: leaves made by ``Tensor/leaf()``.
    /// - Throws: ``TorchError/refused(operation:message:)`` where the scalar does not depend on one of them.
    package static func gradients(of scalar: Tensor, _ inputs: [Tensor]) throws(TorchError) -> [Tensor] {
        var out = [SHTensor?](repeating: nil, count: inputs.count)
        let status = withHandles(inputs) { handles, n in
            out.withUnsafeMutableBufferPointer { sh_grad(scalar.raw, handles, n, $0.baseAddress) }
        }
        try check(status)
        return out.compactMap { $0.map(Tensor.init(owning:)) }
    }

    /// A value of each sample as if made from inputs, whose gradients were computed elsewhere.
    ///
    /// - Parameters:
    ///   - value: `[B]`.
    ///   - inputs: one or two tensors `[B, …]`.
    ///   - gradients: of the sum of the values with respect to each input. No value may depend on another's row.
    package static func value(
        _ value: Tensor, of inputs: [Tensor], gradients: [Tensor]
    ) throws(TorchError) -> Tensor {
        guard inputs.count == gradients.count else {
            throw .refused(
                operation: "a known gradient", message: "\(gradients.count) gradients for \(inputs.count) inputs")
        }
        return try Tensor.make { out in
            withHandles(inputs) { inputs, n in
                withHandles(gradients) { gradients, _ in sh_known_gradient(value.raw, inputs, gradients, n, out) }
            }
        }
    }

    /// `body(inputs)` whose activations are not kept for the gradient but computed again when it is taken: less memory
    /// for one more forward pass.
    ///
    /// - Parameters:
    ///   - inputs: one to three tensors; gradients flow to those of them that require one, and to nothing else the
    ///     body uses.
    ///   - body: must compute the same each time.
    /// - Throws: an error of the kind that the body threw, with its words. Where the body throws only when it runs again,
    ///   ``gradients(of:_:)`` does.
    package static func recomputing(
        _ inputs: [Tensor], _ body: @escaping @Sendable ([Tensor]) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        guard inputs.contains(where: \.requiresGrad) else { return try body(inputs) }
        let context = Unmanaged.passRetained(Body(body)).toOpaque()
        return try Tensor.make { out in
            withHandles(inputs) { handles, n in
                sh_recompute(
                    { context, inputs, n, out in
                        guard let context, let inputs, let out else { return SH_ERROR }
                        return Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().run(inputs, Int(n), out)
                    },
                    context, { context in if let context { Unmanaged<Body>.fromOpaque(context).release() } }, handles,
                    n, out)
            }
        }
    }

    private final class Body: Sendable {
        private let body: @Sendable ([Tensor]) throws(TorchError) -> Tensor
        init(_ body: @escaping @Sendable ([Tensor]) throws(TorchError) -> Tensor) { self.body = body }

        func run(_ inputs: UnsafePointer<SHTensor?>, _ n: Int, _ out: UnsafeMutablePointer<SHTensor?>) -> SHStatus {
            do throws(TorchError) {
                var tensors: [Tensor] = []
                for i in 0..<n {
                    guard let borrowed = inputs[i] else { return SH_ERROR }
                    // The handles belong to the caller: a new one over the same tensor, graph included.
                    tensors.append(try Tensor.make { sh_alias(borrowed, $0) })
                }
                let result = try body(tensors)
                return sh_alias(result.raw, out)
            } catch {
                return sh_fail(error.isOutOfMemory ? SH_OUT_OF_MEMORY : SH_CALLBACK, error.cause)
            }
        }
    }
}

extension Tensor {
    /// The same elements as a leaf with respect to which gradients are taken.
    package func leaf() throws(TorchError) -> Tensor { try Tensor.make { sh_leaf(raw, true, $0) } }

    /// The same elements without the graph that made them.
    package func detached() throws(TorchError) -> Tensor { try Tensor.make { sh_detach(raw, $0) } }
}
