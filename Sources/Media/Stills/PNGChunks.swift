/// What the chunks of a PNG tell, without decoding.
struct PNGChunks {
    /// The EXIF orientation, 1…8; nil where there is none.
    private(set) var orientation: Int?
    /// Whether every chunk is there, to the last.
    private(set) var isWhole = false

    /// EXIF blocks are this long at most.
    private static let longest = 1 << 16

    /// - Throws: ``MediaError``, `unreadable`.
    init(_ file: MediaFile) throws(MediaError) {
        var at: Int64 = 8
        while file.size - at >= 12 {
            let head = try file.bytes(at: at, count: 8)
            let length = head[..<4].reduce(Int64(0)) { $0 << 8 | Int64($1) }
            guard length <= file.size - at - 12 else { return }
            let type = head[4..<8]
            if type.elementsEqual("eXIf".utf8), orientation == nil {
                let block = try file.bytes(at: at + 8, count: min(Int(length), Self.longest))
                orientation = TIFFTags(block)?.orientation
            }
            if type.elementsEqual("IEND".utf8) {
                isWhole = true
                return
            }
            at += 12 + length
        }
    }
}
