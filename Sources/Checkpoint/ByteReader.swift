/// Reads little-endian numbers and runs of bytes from a buffer; every read past the end is nil.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    /// Where the next read begins, 0...count.
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    /// Moves to `position`; false, and no move, where that is outside the buffer.
    mutating func seek(to position: Int) -> Bool {
        guard position >= 0, position <= bytes.count else { return false }
        offset = position
        return true
    }

    mutating func integer<T: FixedWidthInteger>(_: T.Type) -> T? {
        guard remaining >= MemoryLayout<T>.size else { return nil }
        defer { offset += MemoryLayout<T>.size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    mutating func run(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= remaining else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// The bytes before the next newline, which is passed over.
    mutating func line() -> UnsafeRawBufferPointer? {
        guard let end = bytes[offset...].firstIndex(of: 0x0A), let line = run(end - offset) else { return nil }
        offset += 1
        return line
    }
}

extension String {
    /// The text of bytes that are valid UTF-8, else nil.
    init?(utf8 bytes: UnsafeRawBufferPointer) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        self = text
    }
}
