internal import Foundation
internal import Shard

/// What an id must be to name a sample in a shard; the rules are ``SampleKey``'s, and one of a loader.
enum ManifestKey {
    /// What is put in front of a name out of a list that begins as ``isPassedOver(_:)`` says.
    static let beginning = "id-"

    /// Whether Hugging Face datasets would pass over a sample of this name without a word: those of members that begin with
    /// two underscores, as one in 4096 ids of YouTube does.
    static func isPassedOver(_ name: String) -> Bool { name.utf8.starts(with: "__".utf8) }

    /// The id that a name out of a list gets: itself, or with ``beginning`` in front where it would be passed over. A name
    /// that looks as if that had been done already gets it once more, so that different names keep different ids.
    static func listed(_ name: String) -> String {
        var rest = name[...]
        while rest.utf8.starts(with: beginning.utf8) { rest = rest.dropFirst(beginning.count) }
        return isPassedOver(String(rest)) ? beginning + name : name
    }

    /// Why an id cannot be a key, and what to do; nil where it can.
    static func problem(with id: String) -> (found: String, remedy: String)? {
        if isPassedOver(id) {
            return (
                "begins with `__`, and Hugging Face datasets passes over such samples",
                "begin it otherwise, as `\(beginning)\(id)`"
            )
        }
        do throws(SampleKeyError) {
            try SampleKey.validate(id)
            return nil
        } catch {
            switch error {
            case .empty: return ("is empty", "give an id")
            case .leadingDot, .dot:
                return ("holds a dot, where loaders split name and extension", "write `_` in its place")
            case .slash: return ("holds a slash, which loaders take for a folder", "write `_` in its place")
            case .unprintable(_, byte: 0x20): return ("holds a space", "write `_` in its place")
            case .unprintable(_, byte: 0x5C): return ("holds a backslash", "write `_` in its place")
            case .unprintable(_, let byte) where byte < 0x20 || byte == 0x7F:
                return ("holds a control character", "leave it out")
            case .unprintable: return ("holds letters beyond ASCII", "use letters, digits, `-` and `_`")
            case .tooLong(_, let bytes):
                let most = SampleKey.maximumLength
                return ("has \(bytes) bytes", "an id has at most \(most), so that a tar header can hold it")
            }
        }
    }

    /// The key of a row that gives no id: that of its file, or else of its number.
    static func derived(path: String?, row number: Int) -> String {
        let digits = String(number)
        let fallback = "row-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        guard let path else { return fallback }
        let key = derived(from: stem(of: path))
        return key.isEmpty ? fallback : key
    }

    /// A file's name without its extension.
    static func stem(of path: String) -> String {
        URL(filePath: path).deletingPathExtension().lastPathComponent
    }

    /// A key made of a file's stem: what cannot stand in a key becomes `_`, the beginning is that of ``listed(_:)``, and the
    /// end is cut off.
    static func derived(from stem: String) -> String {
        let kept = stem.unicodeScalars.map { scalar -> Unicode.Scalar in
            ("!"..."~").contains(scalar) && scalar != "." && scalar != "\\" && scalar != "/" ? scalar : "_"
        }
        return String(listed(String(String.UnicodeScalarView(kept))).prefix(SampleKey.maximumLength))
    }
}
