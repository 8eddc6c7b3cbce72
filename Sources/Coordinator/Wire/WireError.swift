/// Why bytes are not a message.
package enum WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The bytes end inside a field.
    case truncated(field: String, needed: Int, found: Int)
    /// The first bytes are not those of a message.
    case notAMessage(found: [UInt8])
    /// The message is of another version of the format.
    case version(found: UInt8, expected: UInt8)
    /// No message has this kind.
    case unknownKind(UInt8)
    /// A field holds a value outside its range.
    case value(field: String, found: String, allowed: String)
    /// A text is not UTF-8.
    case notUTF8(field: String)
    /// Bytes follow the last field.
    case trailing(count: Int)

    /// A sentence with the field, what was found, and the likely remedy.
    package var description: String {
        switch self {
        case .truncated(let field, let needed, let found):
            "A message ends inside its field '\(field)': \(needed) bytes are needed and \(found) are left."
        case .notAMessage(let found):
            "A message begins with \(found) instead of the bytes of 'SHW'; something else sends to this process."
        case .version(let found, let expected):
            "A message has format version \(found) where \(expected) is understood; all ranks must run one build."
        case .unknownKind(let kind):
            "A message has the unknown kind \(kind); all ranks must run one build."
        case .value(let field, let found, let allowed):
            "The field '\(field)' of a message is \(found), which is not \(allowed)."
        case .notUTF8(let field):
            "The field '\(field)' of a message is not UTF-8 text."
        case .trailing(let count):
            "\(count) bytes follow the last field of a message."
        }
    }
}
