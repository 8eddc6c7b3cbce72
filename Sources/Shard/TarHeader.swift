import JSON

/// One 512-byte ustar header, in the only form that shards hold: a regular file, mode 0644, owner, group and time zero.
package struct TarHeader: Sendable, Equatable {
    /// The length of a header and the unit to which data is padded, in bytes.
    package static let blockSize = 512
    /// The first size, in bytes, that eleven octal digits cannot express.
    static let sizeLimit = 1 << 33

    /// The member's name, 1 to 100 bytes of ASCII.
    package let name: String
    /// The length of the member's data in bytes, below 8 GiB.
    package let size: Int

    /// Makes a header.
    /// - Throws: ``TarError`` for a name or size that a ustar header cannot hold.
    package init(name: String, size: Int) throws(TarError) {
        guard (1...100).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .name(at: 0)
        }
        guard size >= 0, size < Self.sizeLimit else { throw .size(at: 0) }
        self.name = name
        self.size = size
    }

    /// The header's 512 bytes.
    package var bytes: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at offset: Int) {
            block.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
        }
        put(name, at: 0)
        put("0000644\0", at: 100)
        put("0000000\0", at: 108)
        put("0000000\0", at: 116)
        put(Self.octal(size, digits: 11) + "\0", at: 124)
        put("00000000000\0", at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\0", at: 257)
        put("00", at: 263)
        put("0000000\0", at: 329)
        put("0000000\0", at: 337)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(Self.octal(sum, digits: 6) + "\0 ", at: 148)
        return block
    }

    /// Reads a header and accepts exactly the bytes that ``bytes`` would write.
    /// - Parameters:
    ///   - block: at least 512 bytes.
    ///   - offset: where the block stands, for messages.
    /// - Throws: ``TarError`` naming the offset and the first field that differs.
    package init(parsing block: ArraySlice<UInt8>, at offset: Int) throws(TarError) {
        guard block.count >= Self.blockSize else { throw .truncated(at: offset, bytes: block.count) }
        let block = Array(block.prefix(Self.blockSize))
        if block.allSatisfy({ $0 == 0 }) { throw .zeroBlock(at: offset) }
        let name = block[0..<100].prefix { $0 != 0 }
        guard !name.isEmpty, name.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .name(at: offset) }
        var size = 0
        for byte in block[124..<135] {
            guard (0x30...0x37).contains(byte) else { throw .size(at: offset) }
            size = size * 8 + Int(byte - 0x30)
        }
        self.name = String(decoding: name, as: UTF8.self)
        self.size = size
        let expected = bytes
        for (field, range) in Self.fields where block[range] != expected[range] {
            throw .field(field, at: offset)
        }
    }

    /// The data's length rounded up to whole blocks, in bytes.
    var paddedSize: Int { (size + Self.blockSize - 1) / Self.blockSize * Self.blockSize }

    private static let fields: [(String, Range<Int>)] = [
        ("magic", 257..<265), ("type", 156..<157), ("checksum", 148..<156), ("name", 0..<100), ("mode", 100..<108),
        ("uid", 108..<116), ("gid", 116..<124), ("size", 124..<136), ("mtime", 136..<148), ("link name", 157..<257),
        ("owner", 265..<329), ("device", 329..<345), ("prefix", 345..<500), ("padding", 500..<512),
    ]

    private static func octal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// A way in which the tar bytes of a shard are malformed; offsets are in bytes from the start of what was parsed.
package enum TarError: Error, Equatable, CustomStringConvertible {
    /// A header or its data ends too early.
    case truncated(at: Int, bytes: Int)
    /// A block of zeros stands where a header was expected.
    case zeroBlock(at: Int)
    /// The name is empty, too long or holds other than printable ASCII.
    case name(at: Int)
    /// The size is not an octal number or too large.
    case size(at: Int)
    /// A field differs from the only value it may have.
    case field(String, at: Int)
    /// The bytes between a member's end and the next block are not zero.
    case padding(name: String, at: Int)
    /// A member belongs to another key than the sample it stands in.
    case foreignMember(name: String, key: String)
    /// Members are not in ascending order of their extensions, or one appears twice.
    case order(name: String)
    /// A member's name is not `KEY.EXT` with an allowed key and extension.
    case memberName(String)

    /// One sentence that says where and what.
    package var description: String {
        switch self {
        case .truncated(let at, let bytes): "the tar data at offset \(at) ends after \(bytes) bytes"
        case .zeroBlock(let at): "there are zeros at offset \(at) where a tar header was expected"
        case .name(let at): "the tar header at offset \(at) has an empty, too long or unprintable name"
        case .size(let at): "the tar header at offset \(at) has a size that is not an octal number below 8 GiB"
        case .field(let field, let at): "the tar header at offset \(at) has a wrong \(field) field"
        case .padding(let name, let at): "the padding of tar member \(quoted(name)) at offset \(at) is not zero"
        case .foreignMember(let name, let key): "tar member \(quoted(name)) lies inside sample \(quoted(key))"
        case .order(let name): "tar member \(quoted(name)) is out of order or appears twice"
        case .memberName(let name): "tar member \(quoted(name)) is not named KEY.EXTENSION"
        }
    }
}
