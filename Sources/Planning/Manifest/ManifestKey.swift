internal import Shard

/// What an id must be to name a sample in a shard; the rules are ``SampleKey``'s.
enum ManifestKey {
    /// Why an id cannot be a key, and what to do; nil where it can.
    static func problem(with id: String) -> (found: String, remedy: String)? {
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

    /// A key made of a file's stem: what cannot stand in a key becomes `_`, and the end is cut off.
    static func derived(from stem: String) -> String {
        let kept = stem.unicodeScalars.map { scalar -> Unicode.Scalar in
            ("!"..."~").contains(scalar) && scalar != "." && scalar != "\\" && scalar != "/" ? scalar : "_"
        }
        return String(String.UnicodeScalarView(kept.prefix(SampleKey.maximumLength)))
    }
}
