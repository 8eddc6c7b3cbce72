import JSON

/// The rules for a sample's key: the part of every member's name before the first dot.
///
/// Loaders split `KEY.EXT` at the first dot and take a slash for a folder, so neither may stand in a key; every
/// `KEY.EXT` has to fit the 100 bytes of a ustar name; and a key is also a file name when a sample is extracted.
package enum SampleKey {
    /// The longest key, in bytes: with a dot and the longest member extension it fills a ustar name of 100 bytes.
    package static let maximumLength = 80

    /// Checks one key.
    ///
    /// Allowed are 1 to 80 printable ASCII characters other than space, `.`, `/` and `\`; a leading `-` or `_` is fine
    /// (clip ids of video sites have them).
    /// - Throws: ``SampleKeyError`` for the first rule broken.
    package static func validate(_ key: String) throws(SampleKeyError) {
        let bytes = key.utf8
        if bytes.isEmpty { throw .empty }
        if bytes.first == UInt8(ascii: ".") { throw .leadingDot(key) }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "."): throw .dot(key)
            case UInt8(ascii: "/"): throw .slash(key)
            case UInt8(ascii: "\\"): throw .unprintable(key, byte: byte)
            case 0x21...0x7E: continue
            default: throw .unprintable(key, byte: byte)
            }
        }
        if bytes.count > maximumLength { throw .tooLong(key, bytes: bytes.count) }
    }
}

/// Why a string cannot be a sample's key.
package enum SampleKeyError: Error, Equatable, CustomStringConvertible {
    /// The key has no characters.
    case empty
    /// The key starts with a dot.
    case leadingDot(String)
    /// The key holds a dot.
    case dot(String)
    /// The key holds a slash.
    case slash(String)
    /// The key holds a space, a backslash, a control character or a byte beyond ASCII.
    case unprintable(String, byte: UInt8)
    /// The key is longer than ``SampleKey/maximumLength`` bytes.
    case tooLong(String, bytes: Int)

    /// One sentence that shows the key and the rule it breaks.
    package var description: String {
        switch self {
        case .empty: "the key is empty; give every sample an id"
        case .leadingDot(let key): "key \(quoted(key)) starts with a dot, which loaders take for a hidden member"
        case .dot(let key): "key \(quoted(key)) holds a dot, where loaders split key and extension; use '_' instead"
        case .slash(let key): "key \(quoted(key)) holds a slash, which loaders take for a folder; use '_' instead"
        case .unprintable(let key, let byte):
            "key \(quoted(key)) holds the byte 0x\(hexadecimal(byte, digits: 2)); only printable ASCII without space and "
                + "backslash is allowed"
        case .tooLong(let key, let bytes):
            "key \(quoted(key)) has \(bytes) bytes; at most \(SampleKey.maximumLength) fit a tar member's name"
        }
    }
}
