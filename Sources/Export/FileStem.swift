/// Which names files may have wherever they are taken.
enum FileStem {
    /// With an extension, and with what a file is called while it is written, it fits the 255 bytes of a name.
    private static let most = 160

    /// What is wrong with a name without its extension, as the rest of a sentence; nil where nothing is.
    static func problem(_ name: String) -> String? {
        if name.isEmpty { return "is empty" }
        if name.utf8.first == UInt8(ascii: ".") { return "begins with a dot" }
        if name.utf8.contains(UInt8(ascii: "/")) { return "holds a slash" }
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "holds a control character"
        }
        if name.utf8.count > most { return "has \(name.utf8.count) bytes, and not at most \(most)" }
        return nil
    }
}
