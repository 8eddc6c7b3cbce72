/// Takes fields out of a message; every value is checked before it is used.
struct WireReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func take(_ count: Int, _ field: String) throws(WireError) -> ArraySlice<UInt8> {
        let left = bytes.count - position
        guard count <= left else { throw .truncated(field: field, needed: count, found: left) }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func magic() throws(WireError) {
        let found = Array(bytes.prefix(WireFormat.magic.count))
        guard found == WireFormat.magic else { throw .notAMessage(found: found) }
        position = WireFormat.magic.count
    }

    mutating func byte(_ field: String) throws(WireError) -> UInt8 {
        try take(1, field).first ?? 0
    }

    mutating func integer(_ field: String) throws(WireError) -> UInt64 {
        try take(8, field).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func count(_ field: String, upTo limit: Int = .max) throws(WireError) -> Int {
        let value = try integer(field)
        guard let count = Int(exactly: value), count <= limit else {
            throw .value(field: field, found: "\(value)", allowed: "between 0 and \(limit)")
        }
        return count
    }

    mutating func number(_ field: String, upTo limit: Double = .greatestFiniteMagnitude) throws(WireError) -> Double {
        let value = Double(bitPattern: try integer(field))
        // The sign bit of -0 would give one value two encodings.
        guard value >= 0, value.sign == .plus, value <= limit else {
            throw .value(field: field, found: "\(value)", allowed: "a number between 0 and \(limit)")
        }
        return value
    }

    mutating func flag(_ field: String) throws(WireError) -> Bool {
        switch try byte(field) {
        case 0: return false
        case 1: return true
        case let value: throw .value(field: field, found: "\(value)", allowed: "0 or 1")
        }
    }

    mutating func text(_ field: String) throws(WireError) -> String {
        let length = try count(field, upTo: WireFormat.longestText)
        guard let text = String(validating: try take(length, field), as: UTF8.self) else {
            throw .notUTF8(field: field)
        }
        return text
    }

    mutating func data(_ field: String) throws(WireError) -> [UInt8] {
        let length = try count(field, upTo: WireFormat.largestPiece)
        return Array(try take(length, field))
    }

    func end() throws(WireError) {
        guard position == bytes.count else { throw .trailing(count: bytes.count - position) }
    }
}
