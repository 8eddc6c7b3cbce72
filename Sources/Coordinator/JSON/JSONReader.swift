/// Where and why a JSON text could not be read.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    /// The byte offset, from 0, at which reading stopped.
    package let offset: Int
    /// What stands there and what was expected.
    package let reason: String

    package var description: String { "not valid JSON at byte \(offset): \(reason)" }
}

/// A strict pull parser for one JSON value (RFC 8259).
///
/// Plans hold a million rows, so a row is read field by field straight into its type, without a tree between. It is
/// strict where Foundation is not: invalid UTF-8, a key that occurs twice and anything after the value are errors, and
/// whole numbers keep their digits. Nothing here allocates by a number that the text states, and nesting is bounded.
package struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Arrays and objects may nest this deep; deeper text is an error, not a stack overflow.
    package static let maximumDepth = 64

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init(_ text: String) { bytes = Array(text.utf8) }

    /// An error at the place reached so far.
    package func error(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(offset: position, reason: reason) }

    /// What kind of value comes next, without consuming it.
    package mutating func peek() throws(JSONSyntaxError) -> JSONKind {
        skipSpace()
        guard position < bytes.count else { throw error("the text ends where a value was expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw error("found \(shown(bytes[position])) where a value was expected")
        }
    }

    /// Reads an object; `field` is called at each key and must consume its value.
    package mutating func object(
        _ field: (inout JSONReader, String) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try open(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return depth -= 1 }
        while true {
            skipSpace()
            let key = try string()
            try expect(UInt8(ascii: ":"))
            try field(&self, key)
            if take(UInt8(ascii: ",")) { continue }
            try expect(UInt8(ascii: "}"))
            return depth -= 1
        }
    }

    /// Reads an array; `element` is called before each element and must consume it.
    package mutating func array(
        _ element: (inout JSONReader) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try open(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return depth -= 1 }
        while true {
            try element(&self)
            if take(UInt8(ascii: ",")) { continue }
            try expect(UInt8(ascii: "]"))
            return depth -= 1
        }
    }

    /// Reads a string.
    package mutating func string() throws(JSONSyntaxError) -> String {
        try expect(UInt8(ascii: "\""))
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\"),
            bytes[position] >= 0x20
        { position += 1 }
        guard position < bytes.count else { throw error("the text ends inside a string") }
        if bytes[position] == UInt8(ascii: "\"") {
            guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
                throw JSONSyntaxError(offset: start, reason: "the string is not valid UTF-8")
            }
            position += 1
            return text
        }
        return try escapedString(from: start)
    }

    /// Reads a number and returns its digits as they stand.
    package mutating func numberText() throws(JSONSyntaxError) -> String {
        skipSpace()
        let start = position
        _ = skip(UInt8(ascii: "-"))
        let whole = skipDigits()
        guard whole > 0 else { throw error("a number has no digits") }
        if whole > 1, bytes[position - whole] == UInt8(ascii: "0") { throw error("a number starts with 0") }
        if skip(UInt8(ascii: ".")), skipDigits() == 0 { throw error("a number ends in its decimal point") }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            _ = skip(UInt8(ascii: "+")) || skip(UInt8(ascii: "-"))
            if skipDigits() == 0 { throw error("a number ends in its exponent") }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Reads a finite number.
    package mutating func double() throws(JSONSyntaxError) -> Double {
        let text = try numberText()
        guard let value = Double(text), value.isFinite else { throw error("\(text) is out of range") }
        return value
    }

    /// Reads a whole number that fits `Integer`.
    package mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(JSONSyntaxError) -> Integer {
        let text = try numberText()
        guard let value = Integer(text) else { throw error("\(text) is not a whole number within range") }
        return value
    }

    /// Reads `true` or `false`.
    package mutating func bool() throws(JSONSyntaxError) -> Bool {
        skipSpace()
        if word("true") { return true }
        if word("false") { return false }
        throw error("expected true or false")
    }

    /// Reads `null`.
    package mutating func null() throws(JSONSyntaxError) {
        skipSpace()
        guard word("null") else { throw error("expected null") }
    }

    /// Reads any value as a tree.
    package mutating func value() throws(JSONSyntaxError) -> JSONValue {
        switch try peek() {
        case .null:
            try null()
            return .null
        case .bool: return .bool(try bool())
        case .number: return .number(try numberText())
        case .string: return .string(try string())
        case .array:
            var elements: [JSONValue] = []
            try array { reader throws(JSONSyntaxError) in elements.append(try reader.value()) }
            return .array(elements)
        case .object:
            var fields: [String: JSONValue] = [:]
            try object { reader, key throws(JSONSyntaxError) in
                let value = try reader.value()
                if fields.updateValue(value, forKey: key) != nil { throw reader.error("the key `\(key)` occurs twice") }
            }
            return .object(fields)
        }
    }

    /// Reads any value and forgets it.
    package mutating func skipValue() throws(JSONSyntaxError) {
        switch try peek() {
        case .null: try null()
        case .bool: _ = try bool()
        case .number: _ = try numberText()
        case .string: _ = try string()
        case .array: try array { reader throws(JSONSyntaxError) in try reader.skipValue() }
        case .object: try object { reader, _ throws(JSONSyntaxError) in try reader.skipValue() }
        }
    }

    /// Checks that nothing but white space is left.
    package mutating func end() throws(JSONSyntaxError) {
        skipSpace()
        guard position == bytes.count else { throw error("found \(shown(bytes[position])) after the value") }
    }

    // MARK: - Pieces

    private mutating func open(_ byte: UInt8) throws(JSONSyntaxError) {
        try expect(byte)
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("nested more than \(Self.maximumDepth) levels deep") }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        return skip(byte)
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }

    private mutating func expect(_ byte: UInt8) throws(JSONSyntaxError) {
        skipSpace()
        guard position < bytes.count else { throw error("the text ends where \(shown(byte)) was expected") }
        guard bytes[position] == byte else {
            throw error("found \(shown(bytes[position])) where \(shown(byte)) was expected")
        }
        position += 1
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] { return false }
        position += count
        return true
    }

    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var text = Array(bytes[start..<position])
        while true {
            guard position < bytes.count else { throw error("the text ends inside a string") }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw JSONSyntaxError(offset: start, reason: "the string is not valid UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20:
                position -= 1
                throw error("a string holds the control character \(shown(byte)); write it as \\u00\(hex(byte))")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        guard position < bytes.count else { throw error("the text ends inside a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try fourHexDigits()
            if (0xD800..<0xDC00).contains(code) {
                guard skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
                    throw error("a \\u escape is half of a surrogate pair")
                }
                let low = try fourHexDigits()
                guard (0xDC00..<0xE000).contains(low) else { throw error("a \\u escape is half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("a \\u escape is half of a surrogate pair") }
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default:
            position -= 1
            throw error("the escape \\\(shown(byte)) does not exist")
        }
    }

    private mutating func fourHexDigits() throws(JSONSyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("a \\u escape needs four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    private func shown(_ byte: UInt8) -> String {
        (0x21...0x7E).contains(byte) ? "`\(Character(Unicode.Scalar(byte)))`" : "byte 0x\(hex(byte))"
    }

    private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
