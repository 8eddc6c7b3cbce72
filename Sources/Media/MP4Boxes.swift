/// The boxes of an mp4 or AVIF, in bytes that lie in memory.
enum MP4Boxes {
    /// The boxes directly within `range`, up to the first that does not fit: type and contents.
    static func all(in bytes: [UInt8], _ range: Range<Int>) -> [(type: String, contents: Range<Int>)] {
        var boxes: [(type: String, contents: Range<Int>)] = []
        var at = range.lowerBound
        while let box = box(in: bytes, at, range) {
            boxes.append((String(decoding: bytes[(at + 4)..<(at + 8)], as: UTF8.self), box))
            at = box.upperBound
        }
        return boxes
    }

    /// The contents of the first box of a type directly within `range`.
    static func first(_ type: String, in bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
        var at = range.lowerBound
        while let box = box(in: bytes, at, range) {
            if bytes[(at + 4)..<(at + 8)].elementsEqual(type.utf8) { return box }
            at = box.upperBound
        }
        return nil
    }

    /// A big-endian number of 4 bytes, or 8 where it is `wide`; nil outside of `range`.
    static func number(_ at: Int, _ wide: Bool, _ range: Range<Int>, _ bytes: [UInt8]) -> UInt64? {
        number(at, bytes: wide ? 8 : 4, range, bytes)
    }

    /// A big-endian number of 1 to 8 bytes; nil outside of `range`.
    static func number(_ at: Int, bytes count: Int, _ range: Range<Int>, _ bytes: [UInt8]) -> UInt64? {
        guard at >= range.lowerBound, at + count <= range.upperBound else { return nil }
        return bytes[at..<(at + count)].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The contents of the box at a place; nil where none fits.
    private static func box(in bytes: [UInt8], _ at: Int, _ range: Range<Int>) -> Range<Int>? {
        guard at + 8 <= range.upperBound, var size = number(at, false, range, bytes) else { return nil }
        var header = 8
        if size == 1 {
            guard let large = number(at + 8, true, range, bytes) else { return nil }
            size = large
            header = 16
        }
        guard size >= header, size <= range.upperBound - at else { return nil }
        return (at + header)..<(at + Int(size))
    }
}
