internal import CTorch

// Elementwise arithmetic; shapes broadcast as in NumPy.
extension Tensor {
    package static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try make("+") { sh_add(a.raw, b.raw, 1, $0) }
    }
    package static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try make("-") { sh_add(a.raw, b.raw, -1, $0) }
    }
    package static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try make("*") { sh_mul(a.raw, b.raw, $0) }
    }
    package static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try make("/") { sh_div(a.raw, b.raw, $0) }
    }
    package static func + (a: Tensor, b: Double) throws(TorchError) -> Tensor {
        try make("+") { sh_affine(a.raw, 1, b, $0) }
    }
    package static func - (a: Tensor, b: Double) throws(TorchError) -> Tensor {
        try make("-") { sh_affine(a.raw, 1, -b, $0) }
    }
    package static func * (a: Tensor, b: Double) throws(TorchError) -> Tensor {
        try make("*") { sh_affine(a.raw, b, 0, $0) }
    }

    /// `self + scale · other`.
    package func adding(_ other: Tensor, scaledBy scale: Double) throws(TorchError) -> Tensor {
        try Tensor.make { sh_add(raw, other.raw, scale, $0) }
    }

    package func exp() throws(TorchError) -> Tensor { try Tensor.make { sh_exp(raw, $0) } }
    package func log() throws(TorchError) -> Tensor { try Tensor.make { sh_log(raw, $0) } }
    package func sqrt() throws(TorchError) -> Tensor { try Tensor.make { sh_sqrt(raw, $0) } }
    package func square() throws(TorchError) -> Tensor { try Tensor.make { sh_square(raw, $0) } }
    package func abs() throws(TorchError) -> Tensor { try Tensor.make { sh_abs(raw, $0) } }
    /// To whole numbers, halves to the even neighbour.
    package func rounded() throws(TorchError) -> Tensor { try Tensor.make { sh_round(raw, $0) } }
    package func sin() throws(TorchError) -> Tensor { try Tensor.make { sh_sin(raw, $0) } }
    package func cos() throws(TorchError) -> Tensor { try Tensor.make { sh_cos(raw, $0) } }
    package func tanh() throws(TorchError) -> Tensor { try Tensor.make { sh_tanh(raw, $0) } }
    package func sigmoid() throws(TorchError) -> Tensor { try Tensor.make { sh_sigmoid(raw, $0) } }
    package func relu() throws(TorchError) -> Tensor { try Tensor.make { sh_relu(raw, $0) } }
    package func silu() throws(TorchError) -> Tensor { try Tensor.make { sh_silu(raw, $0) } }
    /// The exact GELU, with the error function.
    package func gelu() throws(TorchError) -> Tensor { try Tensor.make { sh_gelu(raw, $0) } }

    /// Limited to `low ... high`; the gradient outside is zero.
    package func clamped(_ low: Double, _ high: Double = .infinity) throws(TorchError) -> Tensor {
        try Tensor.make { sh_clamp(raw, low, high, $0) }
    }

    /// `x` where positive, `slope · x` elsewhere.
    package func leakyReLU(_ slope: Double) throws(TorchError) -> Tensor {
        try Tensor.make { sh_leaky_relu(raw, slope, $0) }
    }
}

// Reductions.
extension Tensor {
    /// The sum over all elements, or over some dimensions.
    package func sum(_ dimensions: [Int] = [], keep: Bool = false) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(dimensions) { sh_sum(raw, $0, $1, keep, out) } }
    }

    /// The mean over all elements, or over some dimensions.
    package func mean(_ dimensions: [Int] = [], keep: Bool = false) throws(TorchError) -> Tensor {
        try Tensor.make { out in withSizes(dimensions) { sh_mean(raw, $0, $1, keep, out) } }
    }

    /// The Euclidean norm along one dimension.
    package func norm(_ dimension: Int, keep: Bool = false) throws(TorchError) -> Tensor {
        try Tensor.make { sh_norm(raw, Int64(dimension), keep, $0) }
    }

    /// The position of the first largest element along one dimension.
    package func argmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { sh_argmax(raw, Int64(dimension), $0) }
    }

    /// The largest value along one dimension.
    package func maximum(_ dimension: Int, keep: Bool = false) throws(TorchError) -> Tensor {
        try Tensor.make { sh_amax(raw, Int64(dimension), keep, $0) }
    }

    /// For each row of `[B, n]` the value below which a fraction of it lies, `[B]`; between two elements on the line from one to the
    /// other, as `torch.quantile`.
    package func quantile(_ fraction: Double) throws(TorchError) -> Tensor {
        try Tensor.make { sh_quantile(raw, fraction, $0) }
    }

    /// Scaled to unit Euclidean length along one dimension; a length below `1e-12` counts as that, as in
    /// `torch.nn.functional.normalize`.
    package func normalized(_ dimension: Int = -1) throws(TorchError) -> Tensor {
        try self / norm(dimension, keep: true).clamped(1e-12)
    }
}
