/// A JSON document in memory. Unlike Foundation's readers it keeps the order of members and refuses a name that comes
/// twice in one object, because which of the two wins would decide which weights are loaded.
package enum JSONValue: Sendable, Equatable {
    case object([Member])
    case array([JSONValue])
    case string(String)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case null

    /// One name and value of an object.
    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSONValue
    }

    /// The member of an object; nil where there is none or this is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text of a string.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of an integer.
    package var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The value of `true` or `false`.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements of an array.
    package var array: [JSONValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    /// The members of an object, in file order.
    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Parses one document.
    /// - Throws: ``JSONError`` with the byte at which the document stops being JSON.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        self = try scanner.document()
    }
}

/// Where and why bytes are not JSON as this program reads it.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Kind: Sendable, Equatable {
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case trailingBytes
        case duplicateName(String)
        case badNumber
        case badEscape
        case controlCharacter(UInt8)
        case notUTF8
        case tooDeep(limit: Int)
    }

    /// Byte offset in the document.
    package let offset: Int
    package let kind: Kind

    package var description: String {
        let what =
            switch kind {
            case .unexpectedEnd: "the text ends in the middle of a value"
            case .unexpectedByte(let byte): "byte 0x\(String(byte, radix: 16)) does not belong here"
            case .trailingBytes: "something follows the end of the document"
            case .duplicateName(let name): "the name \"\(name)\" comes a second time in one object"
            case .badNumber: "this is not a number"
            case .badEscape: "this is not an escape that JSON has"
            case .controlCharacter(let byte): "control character \(byte) stands unescaped in a string"
            case .notUTF8: "a string is not valid UTF-8"
            case .tooDeep(let limit): "values are nested deeper than \(limit)"
            }
        return "\(what) (JSON byte \(offset))"
    }
}
