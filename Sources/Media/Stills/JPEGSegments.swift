/// Walks through a JPEG to its end mark, without decoding.
///
/// FFmpeg fills the rest of a cut JPEG with grey and says nothing. A search for the mark would find that of the thumbnail
/// which cameras put in front.
struct JPEGSegments {
    private let file: MediaFile
    private var place: Int64 = 0
    private var window: [UInt8] = []
    private var next = 0

    private init(_ file: MediaFile) { self.file = file }

    /// Whether the first picture of the file is there to its end.
    /// - Throws: ``MediaError``, `unreadable`.
    static func isWhole(_ file: MediaFile) throws(MediaError) -> Bool {
        var segments = JPEGSegments(file)
        while let mark = try segments.mark() {
            switch mark {
            case 0xD9: return true
            // Stuffed zeros, restarts, the beginning and TEM have no contents.
            case 0x00, 0x01, 0xD0...0xD8: continue
            default:
                guard let high = try segments.byte(), let low = try segments.byte() else { return false }
                // The data that follow the header of a scan hold no marks but stuffed zeros and restarts.
                segments.skip(Int64(high) << 8 + Int64(low) - 2)
            }
        }
        return false
    }

    /// The byte behind the next 0xFF; nil at the end of the file.
    private mutating func mark() throws(MediaError) -> UInt8? {
        while let first = try byte() {
            guard first == 0xFF else { continue }
            var mark = try byte()
            while mark == 0xFF { mark = try byte() }
            return mark
        }
        return nil
    }

    private mutating func byte() throws(MediaError) -> UInt8? {
        if next == window.count {
            place += Int64(window.count)
            window = try file.bytes(at: place, count: 1 << 16)
            next = 0
            if window.isEmpty { return nil }
        }
        defer { next += 1 }
        return window[next]
    }

    private mutating func skip(_ count: Int64) {
        guard count > 0 else { return }
        let rest = Int64(window.count - next)
        if count <= rest {
            next += Int(count)
        } else {
            place += Int64(next) + count
            window = []
            next = 0
        }
    }
}
