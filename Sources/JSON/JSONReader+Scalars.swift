extension JSONReader {
    /// Reads a string.
    package mutating func string() throws(JSONError) -> String { try string("a string") }

    mutating func string(_ expected: String) throws(JSONError) -> String {
        try expect(UInt8(ascii: "\""), expected)
        let start = position
        var all: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            all |= byte
            position += 1
        }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            return try escapedString(from: start)
        }
        let plain = bytes[start..<position]
        position += 1
        // ASCII needs no validation, which is slow for short strings.
        if all < 0x80 { return String(decoding: plain, as: UTF8.self) }
        guard let text = String(validating: plain, as: UTF8.self) else {
            throw JSONError(offset: start, kind: .notUTF8)
        }
        return text
    }

    /// Reads a number and returns it as written.
    package mutating func numberText() throws(JSONError) -> String {
        String(decoding: bytes[try number().text], as: UTF8.self)
    }

    /// Reads a finite number.
    package mutating func double() throws(JSONError) -> Double {
        let text = try numberText()
        guard let value = Double(text), value.isFinite else { throw error("\(text) is out of range") }
        return value
    }

    /// Reads a whole number, written without fraction and exponent, that fits `Integer`, of at most 64 bits.
    // Inlinable, because the rows of plans are full of them and generic code is slow from outside its module.
    @inlinable
    package mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(JSONError) -> Integer {
        let number = try wholeNumber()
        if let value = number.isNegative ? Integer(exactly: number.signed) : Integer(exactly: number.magnitude) {
            return value
        }
        throw error("\(number.isNegative ? "\(number.signed)" : "\(number.magnitude)") is out of range")
    }

    /// Reads a whole number: its size, and its value where it is below 0.
    package mutating func wholeNumber() throws(JSONError) -> (isNegative: Bool, magnitude: UInt64, signed: Int64) {
        let (text, isWhole) = try number()
        let isNegative = bytes[text.lowerBound] == UInt8(ascii: "-")
        if isWhole, let size = magnitude(of: isNegative ? text.dropFirst() : text),
            !isNegative || size <= Int64.min.magnitude
        {
            return (isNegative, size, Int64(truncatingIfNeeded: 0 &- size))
        }
        throw error("\(String(decoding: bytes[text], as: UTF8.self)) is not a whole number within range")
    }

    /// Passes over a number: where it stands, and whether it has neither fraction nor exponent.
    mutating func number() throws(JSONError) -> (text: Range<Int>, isWhole: Bool) {
        let first = try next("a number")
        let start = position
        guard first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw failure(.unexpectedByte(first, expected: "a number"))
        }
        var isWhole = true
        _ = skip(UInt8(ascii: "-"))
        let digits = skipDigits()
        func bad(_ text: String) -> JSONError { JSONError(offset: start, kind: .badNumber(text)) }
        guard digits > 0 else { throw bad("a number has no digits") }
        if digits > 1, bytes[position - digits] == UInt8(ascii: "0") { throw bad("a number starts with 0") }
        if skip(UInt8(ascii: ".")) {
            isWhole = false
            if skipDigits() == 0 { throw bad("a number ends in its decimal point") }
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isWhole = false
            _ = skip(UInt8(ascii: "+")) || skip(UInt8(ascii: "-"))
            if skipDigits() == 0 { throw bad("a number ends in its exponent") }
        }
        return (start..<position, isWhole)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }

    /// nil where the digits do not fit.
    private func magnitude(of digits: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for index in digits {
            let (tens, tooMany) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = tens.addingReportingOverflow(UInt64(bytes[index] - UInt8(ascii: "0")))
            if tooMany || tooMuch { return nil }
            value = sum
        }
        return value
    }

    /// Reads the rest of a string that holds an escape or something that may not stand in it.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<position])
        while true {
            guard position < bytes.count else { throw failure(.unexpectedEnd(expected: "the end of a string")) }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw JSONError(offset: start, kind: .notUTF8)
                }
                position += 1
                return string
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape().utf8)
            case 0..<0x20: throw failure(.controlCharacter(byte))
            default:
                text.append(byte)
                position += 1
            }
        }
    }

    private mutating func escape() throws(JSONError) -> String {
        let start = position
        func bad(_ text: String) -> JSONError { JSONError(offset: start, kind: .badEscape(text)) }
        position += 1
        guard position < bytes.count else { throw failure(.unexpectedEnd(expected: "an escape")) }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw bad("there is no such escape")
        }
        let half = bad("a \\u escape is half of a surrogate pair")
        var code = try fourHexDigits(from: start)
        if (0xD800..<0xDC00).contains(code) {
            guard skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else { throw half }
            let low = try fourHexDigits(from: start)
            guard (0xDC00..<0xE000).contains(low) else { throw half }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw half }
        return String(Character(scalar))
    }

    private mutating func fourHexDigits(from start: Int) throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw JSONError(offset: start, kind: .badEscape("a \\u escape needs four hexadecimal digits"))
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
