import JSON

/// An array as a `.npy` file holds it: C order, little-endian.
package struct NPYArray: Sendable, Equatable {
    /// The element types that are read; shards use all but ``float64``.
    package enum DType: String, Sendable, CaseIterable {
        /// IEEE half precision.
        case float16 = "<f2"
        /// IEEE single precision.
        case float32 = "<f4"
        /// IEEE double precision.
        case float64 = "<f8"
        /// Signed 64-bit integers.
        case int64 = "<i8"
        /// Unsigned bytes.
        case uint8 = "|u1"

        /// The size of one element in bytes.
        package var itemSize: Int {
            switch self {
            case .float16: 2
            case .float32: 4
            case .float64, .int64: 8
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

    /// What every file begins with; the version follows in two bytes.
    private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
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

    /// The bytes of a file of version 1.0; the data starts at a multiple of 64.
    package var bytes: [UInt8] {
        let start = Self.magic + [1, 0]
        let dimensions = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var header = Array("{'descr': '\(dtype.rawValue)', 'fortran_order': False, 'shape': (\(dimensions)), }".utf8)
        let length = (start.count + 2 + header.count + 1 + 63) / 64 * 64
        header += repeatElement(UInt8(ascii: " "), count: length - start.count - 2 - header.count - 1)
        header.append(UInt8(ascii: "\n"))
        return start + [UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header + data
    }

    /// Reads a file.
    /// - Throws: ``NPYError`` for anything but a file of version 1.0, 2.0 or 3.0 in C order of a ``DType`` whose data is
    ///   exactly as long as its shape says.
    package init(parsing bytes: [UInt8]) throws(NPYError) {
        let layout = try Layout(start: bytes, size: bytes.count)
        try self.init(dtype: layout.dtype, shape: layout.shape, data: Array(bytes[layout.dataStart...]))
    }

    /// The most bytes that ``Layout`` looks at.
    package static let longestStart = magic.count + 2 + 4 + maximumHeader

    /// What the header of a file says, held against the file's length.
    package struct Layout {
        package let dtype: DType
        package let shape: [Int]
        /// The offset of the data in bytes.
        package let dataStart: Int
        private let version: [UInt8]

        /// - Parameters:
        ///   - start: the file's first ``NPYArray/longestStart`` bytes, or all of it.
        ///   - size: the file's length in bytes.
        /// - Throws: ``NPYError``, as ``NPYArray/init(parsing:)`` does.
        package init(start bytes: [UInt8], size: Int) throws(NPYError) {
            let versionEnd = NPYArray.magic.count + 2
            guard bytes.count >= versionEnd, bytes.starts(with: NPYArray.magic) else { throw .notNPY }
            version = Array(bytes[NPYArray.magic.count..<versionEnd])
            // How many bytes the header's length has.
            let width: Int
            switch version {
            case [1, 0]: width = 2
            case [2, 0], [3, 0]: width = 4
            default: throw .version(major: version[0], minor: version[1])
            }
            let start = versionEnd + width
            guard bytes.count >= start else { throw .notNPY }
            let length = bytes[versionEnd..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
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

        /// - Throws: ``NPYError/notOfShards(_:)`` for what can be read and no shard holds.
        func checkForShards() throws(NPYError) {
            guard version == [1, 0] else { throw .notOfShards("version \(version[0]).\(version[1])") }
            guard dtype != .float64 else { throw .notOfShards("dtype \(dtype.rawValue)") }
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

/// A way in which bytes fail to be a `.npy` file that is read here.
package enum NPYError: Error, Equatable, CustomStringConvertible {
    /// The magic bytes are missing.
    case notNPY
    /// The file is of another version than 1.0, 2.0 and 3.0.
    case version(major: UInt8, minor: UInt8)
    /// The header is longer than the file or than any header needs to be.
    case headerLength(Int)
    /// The header's text is not the dictionary it should be.
    case header(String)
    /// The element type is no ``NPYArray/DType``: as numpy writes it, or the beginning of a list of fields.
    case dtype(String)
    /// The array is in Fortran order.
    case fortranOrder
    /// The shape has a negative dimension, too many dimensions or too many elements.
    case shape([Int])
    /// The data is longer or shorter than the shape says.
    case dataLength(found: Int, expected: Int)
    /// A sound file, but of a version or an element type that no shard holds.
    case notOfShards(String)

    /// One sentence.
    package var description: String {
        switch self {
        case .notNPY: "the bytes do not start as a .npy file does"
        case .version(let major, let minor):
            "the .npy file has version \(major).\(minor), and 1.0, 2.0 and 3.0 are read"
        case .headerLength(let length): "the .npy header claims \(length) bytes, more than the file or any header has"
        case .header(let what): "the .npy header is malformed: \(what)"
        case .dtype(let descr):
            "the .npy dtype \(quoted(descr)) is none of "
                + NPYArray.DType.allCases.map(\.rawValue).joined(separator: ", ")
        case .fortranOrder: "the .npy array is in Fortran order, and C order is read"
        case .shape(let shape): "the .npy shape \(shape.prefix(8)) is impossible"
        case .dataLength(let found, let expected): "the .npy data has \(found) bytes; its shape needs \(expected)"
        case .notOfShards(let what):
            "the .npy file is of \(what); shards hold version 1.0 with dtype <f2, <f4, <i8 or |u1"
        }
    }
}
