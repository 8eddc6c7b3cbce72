/// The tags of the first picture in a TIFF, or in an EXIF block, which has the same form.
struct TIFFTags {
    private var values: [UInt16: Int] = [:]

    /// The EXIF orientation, 1…8; nil where there is none.
    var orientation: Int? { values[0x0112] }
    /// How the pixels are compressed; nil where it is not said.
    var compression: Int? { values[0x0103] }
    /// Whether it is a camera's raw picture (DNG).
    var isRaw: Bool { values[0xC612] != nil }

    /// Nil for anything that does not begin like a TIFF, or whose tags lie outside.
    /// - Parameters:
    ///   - size: bytes of the whole.
    ///   - read: gives up to so many bytes from a place on.
    init?(
        size: Int64, read: (_ place: Int64, _ count: Int) throws(MediaError) -> [UInt8]
    ) throws(MediaError) {
        let head = try read(0, 8)
        guard head.count == 8 else { return nil }
        let isLittle: Bool
        switch Array(head[..<4]) {
        case [0x49, 0x49, 42, 0]: isLittle = true
        case [0x4D, 0x4D, 0, 42]: isLittle = false
        default: return nil
        }
        func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
            let piece = bytes[at..<at + count]
            return isLittle ? piece.reversed().reduce(0) { $0 << 8 | Int($1) } : piece.reduce(0) { $0 << 8 | Int($1) }
        }
        let directory = Int64(number(head, 4, 4))
        guard directory >= 8, directory + 2 <= size else { return nil }
        let count = number(try read(directory, 2), 0, 2)
        // Twelve bytes each: tag, type, number of values, and the value or where it lies.
        let entries = try read(directory + 2, count * 12)
        for at in stride(from: 0, through: entries.count - 12, by: 12) {
            let tag = UInt16(number(entries, at, 2))
            switch number(entries, at + 2, 2) {
            case 1: values[tag] = Int(entries[at + 8])
            case 3: values[tag] = number(entries, at + 8, 2)
            case 4: values[tag] = number(entries, at + 8, 4)
            default: continue
            }
        }
    }

    /// From the bytes of an EXIF block.
    init?(_ bytes: [UInt8]) {
        do throws(MediaError) {
            try self.init(size: Int64(bytes.count)) { place, count throws(MediaError) in
                let from = min(Int(place), bytes.count)
                return Array(bytes[from..<min(from + count, bytes.count)])
            }
        } catch {
            return nil
        }
    }
}
