/// Writes JSON objects field by field without spaces, keys in the order given, as for the million rows of a plan.
///
/// The same calls always give the same bytes, because the plan's hash is taken over them. ``JSONCoding`` sorts the keys
/// of `Codable` values.
package struct JSONWriter {
    /// The text so far, UTF-8.
    package private(set) var bytes: [UInt8] = []
    private var first = true

    package init() {}

    /// Starts an object.
    package mutating func begin() {
        bytes.append(UInt8(ascii: "{"))
        first = true
    }

    /// Ends the object.
    package mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        first = false
    }

    /// Writes a key; a value or ``begin()`` follows.
    package mutating func key(_ key: String) {
        if !first { bytes.append(UInt8(ascii: ",")) }
        first = false
        append(quoted: key)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Writes a field, or nothing where the value is absent.
    package mutating func field(_ key: String, _ value: String?) {
        guard let value else { return }
        self.key(key)
        append(quoted: value)
    }

    /// Writes a field, or nothing where the value is absent.
    // Inlinable for the sake of speed, as in ``JSONReader/integer(_:)``.
    @inlinable
    package mutating func field(_ key: String, _ value: (some FixedWidthInteger)?) {
        guard let value else { return }
        self.key(key)
        append(digits: String(value))
    }

    /// Writes a whole number's digits.
    package mutating func append(digits: String) { bytes.append(contentsOf: digits.utf8) }

    /// Writes a finite number, whole ones without a fraction; nothing where the value is absent.
    package mutating func field(_ key: String, _ value: Double?) {
        guard let value else { return }
        self.key(key)
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 {
            bytes.append(contentsOf: String(whole).utf8)
        } else {
            bytes.append(contentsOf: "\(value)".utf8)
        }
    }

    /// Writes a line feed, as between the rows of a JSONL file.
    package mutating func newline() {
        bytes.append(0x0A)
        first = true
    }

    /// Empties the text, keeping its memory.
    package mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        first = true
    }

    private mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
