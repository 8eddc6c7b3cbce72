internal import CTorch

/// An n-dimensional array on a device, with the graph that made it where a gradient is recorded.
///
/// A value: no operation changes a tensor in place. Copies share the elements.
package struct Tensor: Sendable {
    let handle: Handle

    /// Owns one reference to libtorch's tensor.
    // Sendable: libtorch's reference counts are atomic, and nothing here writes to a tensor once it is made.
    final class Handle: @unchecked Sendable {
        let raw: SHTensor
        init(_ raw: SHTensor) { self.raw = raw }
        deinit { sh_tensor_free(raw) }
    }

    init(owning raw: SHTensor) { handle = Handle(raw) }

    var raw: SHTensor { handle.raw }

    /// Runs an operation that yields one tensor.
    static func make(
        _ operation: StaticString = #function, _ body: (UnsafeMutablePointer<SHTensor?>) -> SHStatus
    ) throws(TorchError) -> Tensor {
        var out: SHTensor?
        let status = body(&out)
        guard status == SH_OK, let out else { throw TorchError(status, operation) }
        return Tensor(owning: out)
    }
}

// MARK: - Properties

extension Tensor {
    /// The size of each dimension.
    package var shape: [Int] { (0..<rank).map { Int(sh_size(raw, Int32($0))) } }
    /// The number of dimensions.
    package var rank: Int { Int(sh_rank(raw)) }
    /// The number of elements.
    package var count: Int { Int(sh_count(raw)) }
    package var dtype: DType { DType(rawValue: sh_type(raw)) ?? .float32 }
    package var device: Device { Device(sh_device(raw)) }
    /// Whether a gradient with respect to this tensor, or to something it was made from, is recorded.
    package var requiresGrad: Bool { sh_requires_grad(raw) }
    package var isContiguous: Bool { sh_is_contiguous(raw) }

    /// The size of one dimension; negative ones count from the end. Zero where there is no such dimension.
    package func size(_ dimension: Int) -> Int {
        Int(sh_size(raw, Int32(dimension < 0 ? rank + dimension : dimension)))
    }
}

// MARK: - Making

extension Tensor {
    /// A tensor of given elements in row-major order.
    ///
    /// - Throws: ``TorchError/refused(operation:message:)`` where the count does not fit the shape.
    package init(_ values: [Float], shape: [Int]) throws(TorchError) {
        self = try Tensor.copy(values, shape: shape, dtype: .float32)
    }

    /// As ``init(_:shape:)-([Float],_)``, in double precision.
    package init(_ values: [Double], shape: [Int]) throws(TorchError) {
        self = try Tensor.copy(values, shape: shape, dtype: .float64)
    }

    /// As ``init(_:shape:)-([Float],_)``, of 64-bit integers.
    package init(_ values: [Int64], shape: [Int]) throws(TorchError) {
        self = try Tensor.copy(values, shape: shape, dtype: .int64)
    }

    /// As ``init(_:shape:)-([Float],_)``, of bytes.
    package init(_ values: [UInt8], shape: [Int]) throws(TorchError) {
        self = try Tensor.copy(values, shape: shape, dtype: .uint8)
    }

    private static func copy<T>(_ values: [T], shape: [Int], dtype: DType) throws(TorchError) -> Tensor {
        try make("a tensor from values") { out in
            values.withUnsafeBytes { bytes in
                withSizes(shape) { sizes, rank in
                    sh_from_bytes(bytes.baseAddress, bytes.count, sizes, rank, dtype.raw, out)
                }
            }
        }
    }

    /// A tensor over memory that stays where it is, such as a mapped file. Nothing is copied and nothing may write to it.
    ///
    /// - Parameters:
    ///   - bytes: the elements; `owner` keeps them valid for as long as the tensor or one made from it without a copy lives.
    ///   - strides: in elements.
    package static func view(
        of bytes: UnsafeRawPointer, owner: any AnyObject & Sendable, shape: [Int], strides: [Int], dtype: DType
    ) throws(TorchError) -> Tensor {
        guard strides.count == shape.count else {
            throw .refused(
                operation: "a tensor over mapped memory", message: "strides \(strides) for the shape \(shape)")
        }
        let context = Unmanaged.passRetained(owner as AnyObject).toOpaque()
        do {
            return try make("a tensor over mapped memory") { out in
                withSizes(shape) { sizes, rank in
                    withSizes(strides) { steps, _ in
                        sh_from_memory(
                            bytes, sizes, steps, rank, dtype.raw,
                            { context in if let context { Unmanaged<AnyObject>.fromOpaque(context).release() } },
                            context, out)
                    }
                }
            }
        } catch {
            Unmanaged<AnyObject>.fromOpaque(context).release()
            throw error
        }
    }

    /// Every element has the same value.
    package static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make { out in withSizes(shape) { sh_full($0, $1, value, dtype.raw, device.raw, out) } }
    }

    package static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError)
        -> Tensor
    {
        try full(shape, 0, dtype: dtype, device: device)
    }

    /// `start`, `start + step`, … below `end`.
    package static func arange(
        from start: Double = 0, to end: Double, step: Double = 1, dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make { sh_arange(start, end, step, dtype.raw, device.raw, $0) }
    }
}

// MARK: - Reading

extension Tensor {
    /// All elements in row-major order, converted to `Float`.
    package func floats() throws(TorchError) -> [Float] { try values(as: .float32, zero: Float(0)) }
    /// All elements in row-major order, converted to `Double`.
    package func doubles() throws(TorchError) -> [Double] { try values(as: .float64, zero: 0.0) }
    /// All elements in row-major order, converted to `Int64`.
    package func integers() throws(TorchError) -> [Int64] { try values(as: .int64, zero: Int64(0)) }

    private func values<T>(as dtype: DType, zero: T) throws(TorchError) -> [T] {
        let source = try to(dtype, device: .cpu)
        var values = [T](repeating: zero, count: source.count)
        let status = values.withUnsafeMutableBytes { sh_copy_out(source.raw, $0.baseAddress, $0.count) }
        try check(status)
        return values
    }

    /// The elements as they lie in a row-major array of ``dtype``, little-endian.
    package func bytes() throws(TorchError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count * dtype.byteCount)
        let status = bytes.withUnsafeMutableBytes { sh_copy_out(raw, $0.baseAddress, $0.count) }
        try check(status)
        return bytes
    }

    /// The only element.
    package func item() throws(TorchError) -> Double {
        var value = 0.0
        try check(sh_item(raw, &value))
        return value
    }

    /// Whether no element is NaN or infinite.
    package func isFinite() throws(TorchError) -> Bool {
        var finite = false
        try check(sh_all_finite(raw, &finite))
        return finite
    }

    /// The largest magnitude; 0 for an empty tensor.
    package func maxAbs() throws(TorchError) -> Double {
        var value = 0.0
        try check(sh_max_abs(raw, &value))
        return value
    }
}

// MARK: - Moving

extension Tensor {
    /// On another device or of another type; the tensor itself where it is already so.
    package func to(_ dtype: DType? = nil, device: Device? = nil) throws(TorchError) -> Tensor {
        let dtype = dtype ?? self.dtype
        let device = device ?? self.device
        return try Tensor.make { sh_to(raw, dtype.raw, device.raw, $0) }
    }

    /// On a device, without waiting until it is there: what the device is asked afterwards finds it.
    package func uploaded(to device: Device) throws(TorchError) -> Tensor {
        try Tensor.make { sh_upload(raw, device.raw, $0) }
    }

    /// Row-major in memory.
    package func contiguous() throws(TorchError) -> Tensor { try Tensor.make { sh_contiguous(raw, $0) } }

    /// `[B, C, H, W]` with the channels innermost in memory; the shape stays. Convolutions are faster on it.
    package func channelsLast() throws(TorchError) -> Tensor { try Tensor.make { sh_channels_last(raw, $0) } }

    /// A copy with memory of its own.
    package func clone() throws(TorchError) -> Tensor { try Tensor.make { sh_clone(raw, $0) } }
}

/// Hands sizes to C as 64-bit integers.
func withSizes<R>(_ sizes: [Int], _ body: (UnsafePointer<Int64>?, Int32) -> R) -> R {
    sizes.map(Int64.init).withUnsafeBufferPointer { body($0.baseAddress, Int32($0.count)) }
}
