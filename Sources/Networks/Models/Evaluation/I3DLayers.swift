internal import Torch

/// A convolution of I3D with its norm and ReLU.
struct Unit3D: Sendable {
    private let conv: Conv3d
    private let norm: BatchNorm

    init(_ w: WeightScope, _ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1) throws {
        let places = SamePlaces([kernel, kernel, kernel], stride: [stride, stride, stride])
        conv = try Conv3d(w("conv3d"), inputs, outputs, places, bias: false)
        norm = try BatchNorm(w("bn"), outputs)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try norm.relu(conv(x)) }
}

/// A pooling of I3D. The zeros that "SAME" puts around a picture count for nothing, because what is pooled is never below
/// 0.
struct MaxPool3D: Sendable {
    private let places: SamePlaces

    init(_ kernel: [Int], stride: [Int]) { places = SamePlaces(kernel, stride: stride) }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let padding = places.padding(Array(x.shape[2...]))
        return try x.maxPool(places.kernel, stride: places.stride, padding: padding.map(\.before))
    }
}

/// Four branches side by side, joined by their channels.
struct Mixed3D: Sendable {
    /// What each convolution puts out.
    struct Widths: Sendable, Equatable {
        let b0: Int
        let b1a: Int
        let b1b: Int
        let b2a: Int
        let b2b: Int
        let b3b: Int

        var outputs: Int { b0 + b1b + b2b + b3b }
    }

    private let b0: Unit3D
    private let b1a: Unit3D
    private let b1b: Unit3D
    private let b2a: Unit3D
    private let b2b: Unit3D
    private let pool = MaxPool3D([3, 3, 3], stride: [1, 1, 1])
    private let b3b: Unit3D

    init(_ w: WeightScope, _ inputs: Int, _ widths: Widths) throws {
        b0 = try Unit3D(w("b0"), inputs, widths.b0)
        b1a = try Unit3D(w("b1a"), inputs, widths.b1a)
        b1b = try Unit3D(w("b1b"), widths.b1a, widths.b1b, kernel: 3)
        b2a = try Unit3D(w("b2a"), inputs, widths.b2a)
        b2b = try Unit3D(w("b2b"), widths.b2a, widths.b2b, kernel: 3)
        b3b = try Unit3D(w("b3b"), inputs, widths.b3b)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try Tensor.cat([b0(x), b1b(b1a(x)), b2b(b2a(x)), b3b(pool(x))], 1)
    }
}
