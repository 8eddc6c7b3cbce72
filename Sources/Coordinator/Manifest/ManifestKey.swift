/// What an id must be to name a sample in a shard.
enum ManifestKey {
    /// The longest key in bytes; with the longest member extension it fits a tar header's name.
    static let maximumBytes = 80

    /// Why an id cannot be a key, and what to do; nil where it can.
    static func problem(with id: String) -> (found: String, remedy: String)? {
        for scalar in id.unicodeScalars {
            switch scalar {
            case ".": return ("holds a dot, where loaders split name and extension", "write `_` in its place")
            case "/", "\\": return ("holds a slash, which loaders take for a folder", "write `_` in its place")
            case _ where scalar.properties.isWhitespace: return ("holds white space", "write `_` in its place")
            case "!"..."~": continue
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                return ("holds a control character", "leave it out")
            default:
                return ("holds `\(scalar)`, which is not ASCII", "use letters, digits, `-` and `_`")
            }
        }
        if id.utf8.count > maximumBytes {
            return ("has \(id.utf8.count) bytes", "an id has at most \(maximumBytes), so that a tar header can hold it")
        }
        return nil
    }

    /// A key made of a file's stem: what cannot stand in a key becomes `_`, and the end is cut off.
    static func derived(from stem: String) -> String {
        let key = String(
            String.UnicodeScalarView(
                stem.unicodeScalars.map { ("!"..."~").contains($0) && $0 != "." && $0 != "\\" && $0 != "/" ? $0 : "_" }))
        return String(decoding: key.utf8.prefix(maximumBytes), as: UTF8.self)
    }
}
