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
    package func select(_ dimension: Int, _ index: [Int]) throws(TorchError) -> Tensor {
        let index = try Tensor(index.map(Int64.init), shape: [index.count]).to(device: device)
        return try Tensor.make { sh_index_select(raw, Int64(dimension), index.raw, $0) }
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

    /// The last dimension of a tensor of rank 2 or 3 continued by its edge values.
    package func paddedWithEdge(before: Int, after: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_pad_replicate(raw, Int64(before), Int64(after), $0) }
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
