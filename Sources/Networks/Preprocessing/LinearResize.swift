internal import Torch

/// `[N, C, H, W]` of one size to another, linearly, pixel centres at halves (`align_corners = false`). Differentiable.
///
/// Source: torch `nn.functional.interpolate(mode="bilinear")`, with and without `antialias`.
struct LinearResize: Sendable {
    /// How it is computed.
    enum Method: Sendable {
        /// By libtorch's kernel. On CUDA its gradient is added up in no fixed order.
        case kernel
        /// By a product with a matrix for each side: the same bits every time.
        case products
    }

    private let size: (height: Int, width: Int)
    private let antialias: Bool
    /// `[in, out]` of each side; nil where libtorch's kernel resizes.
    private let matrices: (rows: Tensor, columns: Tensor)?

    /// - Parameter method: nil: the products on CUDA, the kernel elsewhere.
    init(
        from source: (height: Int, width: Int), to size: (height: Int, width: Int), antialias: Bool, device: Device,
        method: Method? = nil
    ) throws(TorchError) {
        self.size = size
        self.antialias = antialias
        guard (method ?? (device == .cpu ? .kernel : .products)) == .products else {
            matrices = nil
            return
        }
        func matrix(_ count: Int, _ target: Int) throws(TorchError) -> Tensor {
            let weights = antialias ? Self.smooth(count, target) : Self.sharp(count, target)
            return try Tensor(weights, shape: [count, target]).to(device: device)
        }
        matrices = (try matrix(source.height, size.height), try matrix(source.width, size.width))
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        guard let matrices else {
            return try x.resizedBilinear(height: size.height, width: size.width, antialias: antialias)
        }
        let (rows, columns) = (try matrices.rows.to(x.dtype), try matrices.columns.to(x.dtype))
        return try x.matmul(columns).transpose(2, 3).matmul(rows).transpose(2, 3)
    }

    /// Each new place between its two nearest neighbours; in single precision throughout, as torch computes.
    private static func sharp(_ count: Int, _ target: Int) -> [Float] {
        var weights = [Float](repeating: 0, count: count * target)
        let scale = Float(count) / Float(target)
        for place in 0..<target {
            let position = max(scale * (Float(place) + 0.5) - 0.5, 0)
            let first = min(Int(position), count - 1)
            let second = min(first + 1, count - 1)
            let share = position - Float(first)
            weights[first * target + place] += 1 - share
            weights[second * target + place] += share
        }
        return weights
    }

    /// Each new place a mean under a triangle that is as wide as the reduction.
    private static func smooth(_ count: Int, _ target: Int) -> [Float] {
        var weights = [Float](repeating: 0, count: count * target)
        let scale = Float(count) / Float(target)
        let reach = max(scale, 1)
        for place in 0..<target {
            let center = scale * (Float(place) + 0.5)
            let first = max(Int(center - reach + 0.5), 0)
            let last = min(Int(center + reach + 0.5), count)
            let heights = (first..<last).map { max(1 - abs(Float($0) - center + 0.5) / reach, 0) }
            let sum = heights.reduce(0, +)
            for (index, height) in zip(first..<last, heights) { weights[index * target + place] = height / sum }
        }
        return weights
    }
}
