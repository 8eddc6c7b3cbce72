internal import CTorch

extension Tensor {
    /// The same elements in another shape; one size may be −1.
    package func reshape(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(shape) { sh_reshape(raw, $0, $1, out) } }
    }

    package func permute(_ dimensions: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(dimensions) { sh_permute(raw, $0, $1, out) } }
    }

    /// Two dimensions exchanged.
    package func transpose(_ a: Int, _ b: Int) throws(TorchError) -> Tensor {
        var order = Array(0..<rank)
        let (first, second) = (a < 0 ? rank + a : a, b < 0 ? rank + b : b)
        guard order.indices.contains(first), order.indices.contains(second) else {
            throw .refused(operation: "transpose", message: "dimensions \(a) and \(b) of a tensor of shape \(shape)")
        }
        order.swapAt(first, second)
        return try permute(order)
    }

    /// Dimensions of size 1 stretched without a copy; −1 keeps a size.
    package func expand(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(shape) { sh_expand(raw, $0, $1, out) } }
    }

    package func repeated(_ counts: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(counts) { sh_repeat(raw, $0, $1, out) } }
    }

    package func unsqueeze(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_unsqueeze(raw, Int64(dimension), $0) }
    }

    package func squeeze(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_squeeze(raw, Int64(dimension), $0) }
    }

    /// A slice along one dimension.
    package func narrow(_ dimension: Int, from start: Int, count: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_narrow(raw, Int64(dimension), Int64(start), Int64(count), $0) }
    }

    /// Chosen positions along one dimension, in the order given.
    /// - Parameter index: int64 `[n]` on the tensor's device.
    package func select(_ dimension: Int, _ index: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { sh_index_select(raw, Int64(dimension), index.raw, $0) }
    }

    /// Overlapping windows along one dimension; the window's positions become a new last dimension.
    package func unfold(_ dimension: Int, size: Int, step: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_unfold(raw, Int64(dimension), Int64(size), Int64(step), $0) }
    }

    /// Parts of equal size along one dimension.
    package func chunks(_ count: Int, _ dimension: Int) throws(TorchError) -> [Tensor] {
        guard count > 0, size(dimension).isMultiple(of: count) else {
            throw .refused(
                operation: "chunks",
                message: "\(count) equal parts along dimension \(dimension) of a tensor of shape \(shape)")
        }
        let width = size(dimension) / count
        return try (0..<count).map { part throws(TorchError) in
            try narrow(dimension, from: part * width, count: width)
        }
    }

    /// Constant padding: `(before, after)` from the last dimension backwards.
    package func padded(_ pairs: [(before: Int, after: Int)], with value: Double = 0) throws(TorchError) -> Tensor {
        try Tensor.make { out in
            withSizes(pairs.flatMap { [$0.before, $0.after] }) { sh_pad(raw, $0, $1, value, out) }
        }
    }

    /// The last dimension continued by its edge values.
    package func paddedWithEdge(before: Int, after: Int) throws(TorchError) -> Tensor {
        // Not libtorch's padding: its gradient on CUDA is added up in no fixed order.
        let (last, count) = (rank - 1, size(-1))
        var parts = [self]
        func edge(_ place: Int, _ width: Int) throws(TorchError) -> Tensor {
            try narrow(last, from: place, count: 1).expand(Array(repeating: -1, count: last) + [width])
        }
        if before > 0 { parts.insert(try edge(0, before), at: 0) }
        if after > 0 { parts.append(try edge(count - 1, after)) }
        return try Tensor.cat(parts, last)
    }

    /// Tensors joined along an existing dimension.
    package static func cat(_ parts: [Tensor], _ dimension: Int) throws(TorchError) -> Tensor {
        try make { out in withHandles(parts) { sh_cat($0, $1, Int64(dimension), out) } }
    }

    /// Tensors joined along a new dimension.
    package static func stack(_ parts: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
        try make { out in withHandles(parts) { sh_stack($0, $1, Int64(dimension), out) } }
    }
}

/// Hands several tensors to C.
func withHandles<R>(_ tensors: [Tensor], _ body: (UnsafePointer<SHTensor?>?, Int32) -> R) -> R {
    let handles: [SHTensor?] = tensors.map(\.raw)
    return withExtendedLifetime(tensors) {
        handles.withUnsafeBufferPointer { body($0.baseAddress, Int32($0.count)) }
    }
}
