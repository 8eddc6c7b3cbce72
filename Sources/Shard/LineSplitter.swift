/// Cuts bytes that come in pieces into lines; one line is in memory at a time, and none that is longer than a row may be.
package struct LineSplitter {
    /// The longest line, in bytes: a prompt may be long, and a row holds one.
    static let maximumLine = 16 << 20

    /// The lines that were given so far.
    package private(set) var count = 0
    private let name: String
    private var buffer: [UInt8] = []
    /// Where the next line begins, and from where on its end was not looked for yet.
    private var start = 0
    private var searched = 0

    /// - Parameter name: what the lines come from, for messages.
    package init(name: String) { self.name = name }

    /// Adds bytes.
    package mutating func take(_ piece: [UInt8]) {
        buffer.removeSubrange(..<start)
        searched -= start
        start = 0
        buffer += piece
    }

    /// The next line without its end; nil where more bytes are needed.
    /// - Throws: ``RecordError`` for a line that is too long.
    package mutating func next() throws(RecordError) -> [UInt8]? {
        guard let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = buffer.count
            guard searched - start <= Self.maximumLine else {
                throw RecordError(
                    name: name, problem: "line \(count + 1) is longer than \(Self.maximumLine) bytes, and no row is")
            }
            return nil
        }
        defer { (start, searched, count) = (end + 1, end + 1, count + 1) }
        return Array(buffer[start..<end])
    }

    /// - Throws: ``RecordError`` where something follows the last line's end.
    package func end() throws(RecordError) {
        guard start == buffer.count else { throw RecordError(name: name, problem: "its last line has no end") }
    }
}
