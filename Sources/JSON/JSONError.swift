/// Where and why bytes are not JSON as this program reads it.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong. An `expected` reads as the end of "where … was expected".
    package enum Kind: Sendable, Equatable {
        case unexpectedEnd(expected: String)
        case unexpectedByte(UInt8, expected: String)
        /// Something follows the value.
        case trailingByte(UInt8)
        /// A key that stands a second time in one object.
        case duplicateKey(String)
        case badNumber(String)
        case badEscape(String)
        case controlCharacter(UInt8)
        case notUTF8
        case tooDeep(limit: Int)
        case tooLong(found: Int, limit: Int)
        /// The JSON is sound, but whoever reads it needs something else: a sentence without its end.
        case content(String)
    }

    /// The offset in bytes from the start of the text.
    package let offset: Int
    package let kind: Kind

    package init(offset: Int, kind: Kind) {
        self.offset = offset
        self.kind = kind
    }

    /// What the text is, for a sentence such as "the header is …".
    package var description: String {
        switch kind {
        case .unexpectedEnd(let expected): invalid("the text ends where \(expected) was expected")
        case .unexpectedByte(let byte, let expected):
            invalid("found \(Self.shown(byte)) where \(expected) was expected")
        case .trailingByte(let byte): invalid("found \(Self.shown(byte)) after the value")
        case .duplicateKey(let key): invalid("the key `\(key)` occurs twice in one object")
        case .badNumber(let text), .badEscape(let text): invalid(text)
        case .controlCharacter(let byte):
            invalid("a string holds \(Self.shown(byte)), which must be written as an escape")
        case .notUTF8: invalid("the string is not valid UTF-8")
        case .tooDeep(let limit): invalid("values are nested more than \(limit) levels deep")
        case .tooLong(let found, let limit): "longer than the \(limit) bytes that are read: it has \(found)"
        case .content(let text): "\(text) (byte \(offset))"
        }
    }

    private func invalid(_ reason: String) -> String { "not valid JSON at byte \(offset): \(reason)" }

    private static func shown(_ byte: UInt8) -> String {
        (0x21...0x7E).contains(byte)
            ? "`\(Character(Unicode.Scalar(byte)))`" : "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
