/// The skippable frame that ends a `.tar.zst`: the zstd seekable format's table of all frames.
///
/// Source: `zstd_seekable_compression_format.md` of the zstd project, version 0.1.0, with per-frame checksums.
package struct SeekTable: Sendable, Equatable {
    /// One frame's line.
    package struct Entry: Sendable, Equatable {
        /// The frame's length in bytes.
        package let compressedSize: UInt32
        /// Its content's length in bytes.
        package let decompressedSize: UInt32
        /// The low half of the content's XXH64.
        package let checksum: UInt32
    }

    /// The frames in file order, the closing frame last.
    package var entries: [Entry] = []

    private static let skippableMagic: UInt32 = 0x184D_2A5E
    private static let seekableMagic: UInt32 = 0x8F92_EAB1
    private static let checksumFlag: UInt8 = 0x80
    /// The table's length in bytes without its entries: two words before them, nine bytes after.
    private static let fixedLength = 17
    private static let entryLength = 12
    /// The most frames that a table may have (the seekable format's own limit).
    static let maximumFrames = 0x800_0000

    /// Makes a table.
    package init(entries: [Entry] = []) { self.entries = entries }

    /// The table's length in bytes for a number of frames.
    package static func length(frames: Int) -> Int { fixedLength + entryLength * frames }

    /// The skippable frame.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length(frames: entries.count))
        func put(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        put(Self.skippableMagic)
        put(UInt32(Self.length(frames: entries.count) - 8))
        for entry in entries {
            put(entry.compressedSize)
            put(entry.decompressedSize)
            put(entry.checksum)
        }
        put(UInt32(entries.count))
        bytes.append(Self.checksumFlag)
        put(Self.seekableMagic)
        return bytes
    }

    /// How long the table is that ends a file.
    /// - Parameters:
    ///   - footer: the file's last nine bytes.
    ///   - fileSize: the file's length in bytes.
    /// - Throws: ``SeekTableError``.
    package static func length(footer: [UInt8], fileSize: Int) throws(SeekTableError) -> Int {
        guard footer.count == 9, word(footer, 5) == seekableMagic else { throw .noFooter }
        guard footer[4] == checksumFlag else { throw .flags(footer[4]) }
        let frames = Int(word(footer, 0))
        // The frames themselves have their bytes too.
        guard frames >= 1, frames <= maximumFrames,
            length(frames: frames) + frames * ZstdFrame.minimumLength <= fileSize
        else {
            throw .frameCount(frames, fileSize: fileSize)
        }
        return length(frames: frames)
    }

    /// Reads a table.
    /// - Parameters:
    ///   - bytes: the whole skippable frame and nothing else.
    ///   - fileSize: the length in bytes of the file that it ends; its frames must fill the rest exactly.
    /// - Throws: ``SeekTableError``.
    package init(parsing bytes: [UInt8], fileSize: Int) throws(SeekTableError) {
        guard bytes.count >= Self.fixedLength else { throw .noFooter }
        let length = try Self.length(footer: Array(bytes.suffix(9)), fileSize: fileSize)
        guard length == bytes.count else { throw .length(found: bytes.count, expected: length) }
        guard Self.word(bytes, 0) == Self.skippableMagic, Int(Self.word(bytes, 4)) == length - 8 else {
            throw .noHeader
        }
        var end = 0
        for offset in stride(from: 8, to: length - 9, by: Self.entryLength) {
            let entry = Entry(
                compressedSize: Self.word(bytes, offset), decompressedSize: Self.word(bytes, offset + 4),
                checksum: Self.word(bytes, offset + 8))
            entries.append(entry)
            end += Int(entry.compressedSize)
        }
        guard end == fileSize - length else { throw .framesEnd(at: end, expected: fileSize - length) }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
    }
}

/// A way in which the end of a `.tar.zst` is not the seek table it should be.
package enum SeekTableError: Error, Equatable, CustomStringConvertible {
    /// The file does not end with the seekable format's magic number.
    case noFooter
    /// The table does not begin with a skippable frame's header of the right length.
    case noHeader
    /// The footer's descriptor is not that of a table with checksums.
    case flags(UInt8)
    /// The number of frames cannot be.
    case frameCount(Int, fileSize: Int)
    /// The table is not as long as its footer says.
    case length(found: Int, expected: Int)
    /// The frames do not fill the file.
    case framesEnd(at: Int, expected: Int)

    /// One sentence.
    package var description: String {
        switch self {
        case .noFooter: "the file does not end with a seek table: it was cut, or something was appended"
        case .noHeader: "the seek table does not begin with a skippable frame's header"
        case .flags(let flags): "the seek table's descriptor is 0x\(hexadecimal(flags, digits: 2)) instead of 0x80"
        case .frameCount(let frames, let size): "the seek table names \(frames) frames, too many for \(size) bytes"
        case .length(let found, let expected): "the seek table has \(found) bytes instead of \(expected)"
        case .framesEnd(let end, let expected): "the seek table's frames end at \(end) instead of \(expected)"
        }
    }
}
