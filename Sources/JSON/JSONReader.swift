/// A strict pull parser for one JSON value (RFC 8259).
///
/// Plans hold a million rows, so a row is read field by field straight into its type, without a tree between. It is
/// strict where Foundation is not: invalid UTF-8, a key that occurs twice and anything after the value are errors, and
/// numbers keep their digits. Nothing here allocates by a number that the text states, and nesting is bounded.
package struct JSONReader {
    let bytes: [UInt8]
    var position = 0
    private var depth = 0
    /// The first keys of every object that is being read, outer ones first.
    private var keys: [String] = []

    /// Arrays and objects may nest this deep; deeper text is an error, not a stack overflow.
    package static let depthLimit = 128
    /// The longest document that is read where the caller sets no lower limit, in bytes.
    package static let sizeLimit = 1 << 28

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init(_ text: String) { bytes = Array(text.utf8) }

    static func check(size: Int, limit: Int) throws(JSONError) {
        guard size <= limit else { throw JSONError(offset: 0, kind: .tooLong(found: size, limit: limit)) }
    }

    /// Checks that the bytes are exactly one value.
    /// - Parameter limit: the most bytes that are read.
    /// - Throws: ``JSONError`` with the byte at which the text stops being JSON.
    package static func check(_ bytes: [UInt8], limit: Int = sizeLimit) throws(JSONError) {
        try check(size: bytes.count, limit: limit)
        var reader = JSONReader(bytes)
        try reader.skipValue()
        try reader.end()
    }

    /// What its reader finds wrong with a value, at the place reached so far.
    package func error(_ text: String) -> JSONError { failure(.content(text)) }

    /// What kind of value comes next, without consuming it.
    package mutating func peek() throws(JSONError) -> JSONKind {
        switch try next("a value") {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case let byte: throw failure(.unexpectedByte(byte, expected: "a value"))
        }
    }

    /// Reads an object; `field` is called at each key and must consume its value.
    package mutating func object(
        _ field: (inout JSONReader, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open(UInt8(ascii: "{"), "an object")
        if take(UInt8(ascii: "}")) { return depth -= 1 }
        var seen = SeenKeys(from: keys.count)
        while true {
            _ = try next("a key")
            let place = position
            let key = try string("a key")
            guard seen.insert(key, &keys) else { throw JSONError(offset: place, kind: .duplicateKey(key)) }
            try expect(UInt8(ascii: ":"), "`:`")
            try field(&self, key)
            if take(UInt8(ascii: ",")) { continue }
            try expect(UInt8(ascii: "}"), "`,` or `}`")
            keys.removeLast(keys.count - seen.start)
            return depth -= 1
        }
    }

    /// Reads an array; `element` is called before each element and must consume it.
    package mutating func array(
        _ element: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open(UInt8(ascii: "["), "an array")
        if take(UInt8(ascii: "]")) { return depth -= 1 }
        while true {
            try element(&self)
            if take(UInt8(ascii: ",")) { continue }
            try expect(UInt8(ascii: "]"), "`,` or `]`")
            return depth -= 1
        }
    }

    /// Reads `true` or `false`.
    package mutating func bool() throws(JSONError) -> Bool {
        let isTrue = try next("true or false") == UInt8(ascii: "t")
        try word(isTrue ? "true" : "false", "true or false")
        return isTrue
    }

    /// Reads `null`.
    package mutating func null() throws(JSONError) {
        _ = try next("null")
        try word("null", "null")
    }

    /// Reads any value as a tree.
    package mutating func value() throws(JSONError) -> JSONValue {
        switch try peek() {
        case .null:
            try null()
            return .null
        case .bool: return .bool(try bool())
        case .number: return .number(try numberText())
        case .string: return .string(try string())
        case .array:
            var elements: [JSONValue] = []
            try array { reader throws(JSONError) in elements.append(try reader.value()) }
            return .array(elements)
        case .object:
            var members: [JSONValue.Member] = []
            try object { reader, name throws(JSONError) in
                members.append(JSONValue.Member(name: name, value: try reader.value()))
            }
            return .object(members)
        }
    }

    /// Reads any value and forgets it.
    package mutating func skipValue() throws(JSONError) {
        switch try peek() {
        case .null: try null()
        case .bool: _ = try bool()
        case .number: _ = try number()
        case .string: _ = try string()
        case .array: try array { reader throws(JSONError) in try reader.skipValue() }
        case .object: try object { reader, _ throws(JSONError) in try reader.skipValue() }
        }
    }

    /// Checks that nothing but white space is left.
    package mutating func end() throws(JSONError) {
        skipSpace()
        guard position == bytes.count else { throw failure(.trailingByte(bytes[position])) }
    }

    // MARK: - Pieces

    func failure(_ kind: JSONError.Kind) -> JSONError { JSONError(offset: position, kind: kind) }

    /// The next byte that is no space, without consuming it.
    mutating func next(_ expected: String) throws(JSONError) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw failure(.unexpectedEnd(expected: expected)) }
        return bytes[position]
    }

    mutating func expect(_ byte: UInt8, _ expected: String) throws(JSONError) {
        let found = try next(expected)
        guard found == byte else { throw failure(.unexpectedByte(found, expected: expected)) }
        position += 1
    }

    /// Passes over `byte` where it stands at this very place.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func open(_ byte: UInt8, _ expected: String) throws(JSONError) {
        try expect(byte, expected)
        depth += 1
        guard depth <= Self.depthLimit else { throw failure(.tooDeep(limit: Self.depthLimit)) }
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

    private mutating func word(_ word: StaticString, _ expected: String) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count else { throw failure(.unexpectedEnd(expected: expected)) }
            guard bytes[position] == word.utf8Start[index] else {
                throw failure(.unexpectedByte(bytes[position], expected: expected))
            }
            position += 1
        }
    }
}

/// The keys of one object. Most have few, which are compared one by one; a vocabulary has thousands.
private struct SeenKeys {
    private static let fewLimit = 16

    /// Where this object's keys begin in the list of all.
    let start: Int
    /// A bit for each key, by its length and ends: a key whose bit is free is new.
    private var bits: UInt64 = 0
    private var many: Set<String> = []

    init(from start: Int) { self.start = start }

    /// False where the key was there before.
    mutating func insert(_ key: String, _ keys: inout [String]) -> Bool {
        if !many.isEmpty { return many.insert(key).inserted }
        let text = key.utf8
        let mark = text.count &+ 7 &* Int(text.first ?? 0) &+ 13 &* Int(text.last ?? 0)
        let bit = UInt64(1) << UInt64(mark & 63)
        if bits & bit != 0, keys[start...].contains(key) { return false }
        bits |= bit
        keys.append(key)
        if keys.count - start > Self.fewLimit { many = Set(keys[start...]) }
        return true
    }
}
