package import Files

/// Where one tensor lies: a description that reads nothing.
package struct TensorRecord: Sendable {
    /// The key, such as `down_blocks.0.resnets.0.conv1.weight`.
    package let name: String
    package let dtype: ScalarType
    /// Sizes of the dimensions, outermost first; empty for a scalar.
    package let shape: [Int]
    /// Elements between neighbours along each dimension; nil for a contiguous (row-major) tensor.
    package let strides: [Int]?
    /// The bytes that hold the tensor's elements, counted from the start of ``file``. For a tensor with strides they
    /// reach from its first element to its last.
    package let byteRange: Range<Int>
    /// The mapped file; keep it for as long as pointers into it are used.
    package let file: MappedFile

    /// Elements of the tensor.
    package var elementCount: Int { shape.reduce(1, *) }

    /// Whether ``byteRange`` begins at a multiple of the element size, so that the elements can be used in place.
    package var isAligned: Bool { byteRange.lowerBound.isMultiple(of: dtype.byteCount) }

    /// Calls `body` with the bytes of ``byteRange``; the pointer is valid as long as ``file`` is kept, at least during the
    /// call.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        // Every reader checks its ranges against the file before it makes a record.
        try file.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[byteRange])) }
    }

    /// The bytes that `shape` elements of `dtype` need; nil for a negative size or a product that overflows.
    static func byteCount(shape: [Int], dtype: ScalarType) -> Int? {
        var count = dtype.byteCount
        for size in shape {
            guard size >= 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { return nil }
            count = product
        }
        return count
    }
}
