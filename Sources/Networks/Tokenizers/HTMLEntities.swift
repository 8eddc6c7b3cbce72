/// Character references of HTML, resolved as Python's `html.unescape` and as ftfy's stricter variant do.
enum HTMLEntities {
    private struct Entry {
        var scalars: [Unicode.Scalar]
        /// Whether the name also counts without its semicolon.
        var isLegacy: Bool
    }

    private static let table: [String: Entry] = {
        var table: [String: Entry] = [:]
        for word in HTMLEntityTable.text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            guard let equals = word.firstIndex(of: "=") else { continue }
            var name = word[..<equals]
            let isLegacy = name.last == "!"
            if isLegacy { name.removeLast() }
            let scalars = word[equals...].dropFirst().split(separator: ",")
                .compactMap { UInt32($0, radix: 16).flatMap(Unicode.Scalar.init) }
            table[String(name)] = Entry(scalars: scalars, isLegacy: isLegacy)
        }
        return table
    }()

    /// All references, also those without a semicolon where the standard allows it.
    ///
    /// Source: `html/__init__.py` of CPython.
    static func unescape(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.contains("&") else { return text }
        var output: [Unicode.Scalar] = []
        var position = 0
        while position < text.count {
            guard text[position] == "&", let (scalars, end) = reference(text, after: position + 1) else {
                output.append(text[position])
                position += 1
                continue
            }
            output += scalars
            position = end
        }
        return output
    }

    /// References that end in a semicolon, and the names of Latin letters written in capitals.
    ///
    /// Source: `unescape_html` in `ftfy/fixes.py`.
    static func unescapeUnambiguous(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.contains("&") else { return text }
        var output: [Unicode.Scalar] = []
        var position = 0
        while position < text.count {
            if text[position] == "&", let semicolon = text[position...].prefix(27).firstIndex(of: ";"),
                let scalars = unambiguous(Array(text[(position + 1)..<semicolon]))
            {
                output += scalars
                position = semicolon + 1
            } else {
                output.append(text[position])
                position += 1
            }
        }
        return output
    }

    private static func unambiguous(_ name: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        let isNumber = name.first == "#"
        let letters = isNumber ? name[1...] : name[...]
        guard (1...24).contains(letters.count), letters.allSatisfy(isASCIILetterOrDigit) else { return nil }
        if isNumber {
            guard let (scalars, end) = reference(name + [";"], after: 0), end == name.count + 1, !scalars.contains(";")
            else { return nil }
            return scalars
        }
        let text = String(String.UnicodeScalarView(name))
        if let entry = table[text] { return entry.scalars }
        guard text == text.uppercased(), let entry = table[text.lowercased()],
            named(name + [";"], from: 0) == nil
        else { return nil }
        return entry.scalars.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) }
    }

    /// The reference whose text begins at `start`, after the ampersand, and where it ends.
    private static func reference(_ text: [Unicode.Scalar], after start: Int) -> ([Unicode.Scalar], Int)? {
        guard start < text.count else { return nil }
        return text[start] == "#" ? numeric(text, from: start + 1) : named(text, from: start)
    }

    private static func numeric(_ text: [Unicode.Scalar], from start: Int) -> ([Unicode.Scalar], Int)? {
        let isHexadecimal = start < text.count && (text[start] == "x" || text[start] == "X")
        let first = isHexadecimal ? start + 1 : start
        var end = first
        var value: UInt32 = 0
        while end < text.count, text[end].isASCII, let digit = Character(text[end]).hexDigitValue,
            isHexadecimal || digit < 10
        {
            // Everything past Unicode is the same to us.
            value = min(0x11_0000, value * (isHexadecimal ? 16 : 10) + UInt32(digit))
            end += 1
        }
        guard end > first else { return nil }
        if end < text.count, text[end] == ";" { end += 1 }
        return (scalars(value), end)
    }

    /// The character of a number: C1 controls are Windows-1252, other controls and noncharacters are nothing.
    private static func scalars(_ value: UInt32) -> [Unicode.Scalar] {
        switch value {
        case 0: return ["\u{FFFD}"]
        case 0x0D: return ["\r"]
        case 0x80...0x9F: return Windows1252.scalar(UInt8(value)).map { [$0] } ?? []
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return []
        default:
            guard let scalar = Unicode.Scalar(value) else { return ["\u{FFFD}"] }
            return value & 0xFFFE == 0xFFFE ? [] : [scalar]
        }
    }

    /// The longest name that begins at `start`; only with its semicolon, except for the old names.
    private static func named(_ text: [Unicode.Scalar], from start: Int) -> ([Unicode.Scalar], Int)? {
        let stops: Set<Unicode.Scalar> = ["\t", "\n", "\u{0C}", " ", "<", "&", "#", ";"]
        var end = start
        while end < text.count, end - start < 32, !stops.contains(text[end]) { end += 1 }
        let hasSemicolon = end < text.count && text[end] == ";"
        var name = String(String.UnicodeScalarView(text[start..<end]))
        if hasSemicolon, let entry = table[name] { return (entry.scalars, end + 1) }
        // A name of one letter does not exist.
        while end - start >= 2 {
            if let entry = table[name], entry.isLegacy { return (entry.scalars, end) }
            name.unicodeScalars.removeLast()
            end -= 1
        }
        return nil
    }

    private static func isASCIILetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z": true
        default: false
        }
    }
}

/// The upper half of the C1 range as Windows uses it.
enum Windows1252 {
    private static let high: [Unicode.Scalar] = Array(
        "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)

    /// The character of a byte in 0x80...0x9F; the five that Windows leaves out stay what they are.
    static func scalar(_ byte: UInt8) -> Unicode.Scalar? {
        high.indices.contains(Int(byte) - 0x80) ? high[Int(byte) - 0x80] : nil
    }
}
