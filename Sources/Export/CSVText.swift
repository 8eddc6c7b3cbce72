/// Comma-separated records (RFC 4180), as pandas reads them.
enum CSVText {
    /// A record with the end of its line; what holds a comma, a quote or a line break is quoted.
    static func record(_ fields: [String]) -> String {
        fields.map(field).joined(separator: ",") + "\n"
    }

    private static func field(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }
}
