internal import Foundation

/// Where a manifest's relative paths start.
struct ManifestRoot {
    private let folder: String

    init(_ folder: URL) {
        let path = folder.standardizedFileURL.path
        self.folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The absolute path of a file, without `.`, `..` and doubled slashes.
    func path(of text: String) -> String {
        let whole = text.utf8.first == UInt8(ascii: "/") ? text : "\(folder)/\(text)"
        // A million rows have plain paths: a URL is made of none that reads the same afterwards.
        return Self.isPlain(whole) ? whole : URL(filePath: whole, directoryHint: .notDirectory).standardizedFileURL.path
    }

    /// Whether every slash is followed by a name that does not begin with a dot.
    private static func isPlain(_ path: String) -> Bool {
        var last = UInt8(ascii: "x")
        for byte in path.utf8 {
            if last == UInt8(ascii: "/"), byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") { return false }
            last = byte
        }
        return last != UInt8(ascii: "/")
    }
}
