/// The element type of a stored tensor.
package enum ScalarType: String, Sendable, CaseIterable {
    case f64, f32, f16, bf16, i64, i32, i16, i8, u8, bool

    /// Bytes of one element.
    package var byteCount: Int {
        switch self {
        case .f64, .i64: 8
        case .f32, .i32: 4
        case .f16, .bf16, .i16: 2
        case .i8, .u8, .bool: 1
        }
    }

    /// Whether the elements are numbers in floating point.
    package var isFloatingPoint: Bool {
        switch self {
        case .f64, .f32, .f16, .bf16: true
        case .i64, .i32, .i16, .i8, .u8, .bool: false
        }
    }

    /// The name in a safetensors header, such as `BF16`; nil for a type that this program has no tensors of.
    init?(safetensors name: String) {
        guard let type = Self.allCases.first(where: { $0.rawValue.uppercased() == name }) else { return nil }
        self = type
    }

    /// The storage class of a PyTorch archive, such as `HalfStorage` of `torch.HalfStorage`.
    init?(torchStorage name: String) {
        switch name {
        case "DoubleStorage": self = .f64
        case "FloatStorage": self = .f32
        case "HalfStorage": self = .f16
        case "BFloat16Storage": self = .bf16
        case "LongStorage": self = .i64
        case "IntStorage": self = .i32
        case "ShortStorage": self = .i16
        case "CharStorage": self = .i8
        case "ByteStorage", "UntypedStorage": self = .u8
        case "BoolStorage": self = .bool
        default: return nil
        }
    }
}
