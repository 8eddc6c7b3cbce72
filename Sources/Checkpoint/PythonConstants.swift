/// The three numbers that Python writes into JSON and JSON does not have, such as diffusers' `"lambda_min_clipped":
/// -Infinity`.
enum PythonConstants {
    private static let words = ["-Infinity", "Infinity", "NaN"].map { Array($0.utf8) }
    private static let null = Array("null".utf8)

    /// The text with `null` in their place, blanks behind it, so that every byte after stays where it was. What stands in
    /// a string stays.
    static func replacedByNull(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var inString = false
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if inString {
                if byte == UInt8(ascii: "\\") {
                    position += 1
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                inString = true
            } else if let word = words.first(where: { bytes[position...].starts(with: $0) }) {
                let blanks = [UInt8](repeating: UInt8(ascii: " "), count: max(word.count - null.count, 0))
                // "NaN" is one byte shorter than "null": the only place where the text grows.
                bytes.replaceSubrange(position..<position + word.count, with: null + blanks)
                position += max(word.count, null.count) - 1
            }
            position += 1
        }
        return bytes
    }
}
