internal import Files

/// Reads a manifest line by line.
struct ManifestLines {
    /// One line without its end.
    struct Line {
        /// From 1.
        let number: Int
        /// nil where the line is too long to be read.
        let bytes: ArraySlice<UInt8>?
        /// The most bytes that a line may have.
        let limit: Int
    }

    private var window: ManifestWindow
    private var position = 0
    private var number = 0

    init(_ window: ManifestWindow) { self.window = window }

    /// The next line that is not empty; nil at the end.
    /// - Throws: `FileError`.
    mutating func next() throws(FileError) -> Line? {
        while let end = try end() {
            number += 1
            var line = window.bytes[position..<end]
            position = end + 1
            if line.count > window.maximumRecord {
                return Line(number: number, bytes: nil, limit: window.maximumRecord)
            }
            if line.last == 0x0D { line.removeLast() }
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
                return Line(number: number, bytes: line, limit: window.maximumRecord)
            }
        }
        return nil
    }

    /// Where the line that begins at ``position`` ends; of a line that is too long only the end is kept.
    private mutating func end() throws(FileError) -> Int? {
        var searched = position
        while true {
            if searched <= window.bytes.count, let end = window.bytes[searched...].firstIndex(of: 0x0A) { return end }
            if window.isAtEnd { return position < window.bytes.count ? window.bytes.count : nil }
            // A little more than is allowed stays, so that the line is seen to be too long.
            let surplus = window.bytes.count - position - window.maximumRecord - 1
            let start = min(position, window.bytes.count) + max(0, surplus)
            searched = window.bytes.count - start
            try window.slide(past: start)
            position = 0
        }
    }
}
