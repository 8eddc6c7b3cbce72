/// Reads gzip files.
///
/// Source: RFC 1952.
package enum Gzip {
    /// Whether bytes begin like a gzip file.
    package static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// Decompresses a file of one member.
    /// - Parameter limit: the most bytes that may come out.
    /// - Throws: ``GzipError`` where the file is damaged, or its checksum or length does not match.
    package static func decompress(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(GzipError) -> [UInt8] {
        var reader = ByteReader(bytes)
        guard isGzip(bytes), reader.run(2) != nil else { throw .notGzip }
        guard let method = reader.integer(UInt8.self), let flags = reader.integer(UInt8.self), reader.run(6) != nil else {
            throw .truncated
        }
        guard method == 8, flags & 0xE0 == 0 else { throw .notGzip }
        if flags & 4 != 0 {
            guard let count = reader.integer(UInt16.self), reader.run(Int(count)) != nil else { throw .truncated }
        }
        // A name and a comment, each up to a zero.
        for flag in [UInt8(8), 16] where flags & flag != 0 {
            var byte: UInt8?
            repeat {
                byte = reader.integer(UInt8.self)
                guard byte != nil else { throw .truncated }
            } while byte != 0
        }
        if flags & 2 != 0, reader.run(2) == nil { throw .truncated }
        guard let rest = reader.run(reader.remaining) else { throw .truncated }
        let (output, consumed) = try Inflate.decompress(rest, limit: limit)
        var trailer = ByteReader(UnsafeRawBufferPointer(rebasing: rest[consumed...]))
        guard let crc32 = trailer.integer(UInt32.self), let count = trailer.integer(UInt32.self) else { throw .truncated }
        guard count == UInt32(truncatingIfNeeded: output.count), crc32 == CRC32.of(output) else { throw .checksum }
        guard trailer.remaining == 0 else { throw .trailingBytes(found: trailer.remaining) }
        return output
    }
}

/// Why a gzip file cannot be read.
package enum GzipError: Error, Equatable, CustomStringConvertible {
    case notGzip
    case truncated
    case badBlockType
    case storedLengthMismatch
    case badCodeLengths
    case badSymbol
    case badDistance
    case tooLong(limit: Int)
    case checksum
    case trailingBytes(found: Int)

    package var description: String {
        switch self {
        case .notGzip: "this is not a gzip file"
        case .truncated: "the gzip file is cut off"
        case .badBlockType: "the gzip data has a block of a type that does not exist"
        case .storedLengthMismatch: "the length of a stored block and its complement differ"
        case .badCodeLengths: "the gzip data describes an impossible Huffman code"
        case .badSymbol: "the gzip data has a code that stands for nothing"
        case .badDistance: "the gzip data refers to bytes before its start"
        case .tooLong(let limit): "the gzip file unpacks to more than \(limit) bytes"
        case .checksum: "the checksum or length of the unpacked data does not match"
        case .trailingBytes(let found): "\(found) bytes follow the end of the gzip data"
        }
    }
}
