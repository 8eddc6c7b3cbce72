import JSON

/// An array as a `.npy` file of version 1.0 holds it: C order, little-endian.
package struct NPYArray: Sendable, Equatable {
    /// The element types that shards use.
    package enum DType: String, Sendable, CaseIterable {
        /// IEEE half precision.
        case float16 = "<f2"
        /// IEEE single precision.
        case float32 = "<f4"
        /// Signed 64-bit integers.
        case int64 = "<i8"
        /// Unsigned bytes.
        case uint8 = "|u1"

        /// The size of one element in bytes.
        package var itemSize: Int {
            switch self {
            case .float16: 2
            case .float32: 4
            case .int64: 8
            case .uint8: 1
            }
        }
    }

    /// The element type.
    package let dtype: DType
    /// The dimensions, outermost first; empty for a scalar.
    package let shape: [Int]
    /// The elements in C order, little-endian.
    package let data: [UInt8]

    private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]
    /// The most dimensions that numpy before 2.0 reads.
    private static let maximumRank = 32
    /// The longest header, in bytes, that 32 dimensions can need, generously.
    private static let maximumHeader = 4096

    /// Makes an array.
    /// - Throws: ``NPYError`` if the shape is impossible or the data is not as long as it says.
    package init(dtype: DType, shape: [Int], data: [UInt8]) throws(NPYError) {
        let expected = try Self.byteCount(dtype: dtype, shape: shape)
        guard data.count == expected else { throw .dataLength(found: data.count, expected: expected) }
        self.dtype = dtype
        self.shape = shape
        self.data = data
    }

    /// The file's bytes; the data starts at a multiple of 64.
    package var bytes: [UInt8] {
        let dimensions = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var header = Array("{'descr': '\(dtype.rawValue)', 'fortran_order': False, 'shape': (\(dimensions)), }".utf8)
        let length = (Self.magic.count + 2 + header.count + 1 + 63) / 64 * 64
        header += repeatElement(UInt8(ascii: " "), count: length - Self.magic.count - 2 - header.count - 1)
        header.append(UInt8(ascii: "\n"))
        return Self.magic + [UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header + data
    }

    /// Reads a file.
    /// - Throws: ``NPYError`` for anything but a version 1.0 file in C order of a ``DType`` whose data is exactly as long
    ///   as its shape says.
    package init(parsing bytes: [UInt8]) throws(NPYError) {
        let layout = try Layout(start: bytes, size: bytes.count)
        try self.init(dtype: layout.dtype, shape: layout.shape, data: Array(bytes[layout.dataStart...]))
    }

    /// The most bytes that ``Layout`` looks at.
    static let longestStart = magic.count + 2 + maximumHeader

    /// What the header of a file says, held against the file's length.
    struct Layout {
        let dtype: DType
        let shape: [Int]
        /// The offset of the data in bytes.
        let dataStart: Int

        /// - Parameters:
        ///   - start: the file's first ``NPYArray/longestStart`` bytes, or all of it.
        ///   - size: the file's length in bytes.
        /// - Throws: ``NPYError``, as ``NPYArray/init(parsing:)`` does.
        init(start bytes: [UInt8], size: Int) throws(NPYError) {
            let start = NPYArray.magic.count + 2
            guard bytes.count >= start, bytes.prefix(6).elementsEqual(NPYArray.magic.prefix(6)) else { throw .notNPY }
            guard bytes[6] == 1, bytes[7] == 0 else { throw .version(major: bytes[6], minor: bytes[7]) }
            let length = Int(bytes[8]) | Int(bytes[9]) << 8
            guard length <= NPYArray.maximumHeader, length <= bytes.count - start else { throw .headerLength(length) }
            var header = NPYHeaderParser(bytes[start..<(start + length)])
            let (descr, shape) = try header.parse()
            guard let dtype = DType(rawValue: descr) else { throw .dtype(descr) }
            let expected = try NPYArray.byteCount(dtype: dtype, shape: shape)
            dataStart = start + length
            guard size - dataStart == expected else {
                throw .dataLength(found: size - dataStart, expected: expected)
            }
            self.dtype = dtype
            self.shape = shape
        }
    }

    private static func byteCount(dtype: DType, shape: [Int]) throws(NPYError) -> Int {
        guard shape.count <= maximumRank else { throw .shape(shape) }
        var count = dtype.itemSize
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { throw .shape(shape) }
            count = product
        }
        return count
    }
}

/// A way in which bytes fail to be a `.npy` file of a shard.
package enum NPYError: Error, Equatable, CustomStringConvertible {
    /// The magic bytes are missing.
    case notNPY
    /// The file is of another version than 1.0.
    case version(major: UInt8, minor: UInt8)
    /// The header is longer than the file or than any header needs to be.
    case headerLength(Int)
    /// The header's text is not the dictionary it should be.
    case header(String)
    /// The element type is none that shards use.
    case dtype(String)
    /// The array is in Fortran order.
    case fortranOrder
    /// The shape has a negative dimension, too many dimensions or too many elements.
    case shape([Int])
    /// The data is longer or shorter than the shape says.
    case dataLength(found: Int, expected: Int)

    /// One sentence.
    package var description: String {
        switch self {
        case .notNPY: "the bytes do not start as a .npy file does"
        case .version(let major, let minor): "the .npy file has version \(major).\(minor); shards hold version 1.0"
        case .headerLength(let length): "the .npy header claims \(length) bytes, more than the file or any header has"
        case .header(let what): "the .npy header is malformed: \(what)"
        case .dtype(let descr): "the .npy dtype \(quoted(descr)) is none of <f2, <f4, <i8, |u1"
        case .fortranOrder: "the .npy array is in Fortran order; shards hold C order"
        case .shape(let shape): "the .npy shape \(shape.prefix(8)) is impossible"
        case .dataLength(let found, let expected): "the .npy data has \(found) bytes; its shape needs \(expected)"
        }
    }
}
