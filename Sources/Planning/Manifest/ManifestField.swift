internal import JSON

/// A value of a manifest before its column gives it a type.
enum ManifestField: Equatable {
    /// From CSV or text: could be anything.
    case text(String)
    /// A JSON string.
    case string(String)
    /// A JSON number, digits as written.
    case number(String)
    /// A JSON value that no column takes.
    case other(JSONKind)

    /// How the value reads in an error message.
    var found: String {
        switch self {
        case .text(let text), .string(let text): quoted(text)
        case .number(let text): quoted(text)
        case .other(.bool): "a truth value"
        case .other(.array): "a list"
        case .other(.object): "an object"
        case .other(let kind): kind.rawValue
        }
    }

    /// The value as text, where it may be one.
    var asText: String? {
        switch self {
        case .text(let text), .string(let text): text
        case .number, .other: nil
        }
    }

    /// The value as a number's digits, where it may be one. A quoted JSON number is a string, and stays one.
    var asNumber: String? {
        switch self {
        case .text(let text), .number(let text): text
        case .string, .other: nil
        }
    }
}
