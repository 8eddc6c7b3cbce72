import Foundation

/// What CLIP's tokenizer does to text before it cuts it into words: the repairs of ftfy, HTML references resolved twice,
/// white space joined, lower case.
///
/// Of ftfy everything but its guess at wrongly decoded text ("mojibake" such as `Ã©` for `é`) is here: such text is
/// tokenized as it stands.
///
/// Source: `fix_text` of ftfy 6.3 with its defaults, `basic_clean` and `whitespace_clean` of CLIP.
enum TextCleaner {
    /// HTML references nested deeper than this stay.
    private static let passLimit = 64

    static func clean(_ text: String) -> [Unicode.Scalar] {
        var scalars = repaired(Array(text.unicodeScalars))
        scalars = HTMLEntities.unescape(HTMLEntities.unescape(scalars))
        return lowercased(joinSpaces(scalars), finalSigma: true)
    }

    /// What transformers' CLIPTokenizerFast does in its place: normalization form C, and every scalar in lower case by
    /// itself. It joins white space as well, which then separates words and is nothing more.
    ///
    /// Source: `CLIPConverter` in transformers' `convert_slow_tokenizer.py`.
    static func normalizeAsTransformers(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        lowercased(composed(text), finalSigma: false)
    }

    // MARK: ftfy

    /// Line after line; from the first line with a `<` on, the text may be HTML, and references stay.
    static func repaired(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var output: [Unicode.Scalar] = []
        var mayUnescape = true
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: "\n").map { $0 + 1 } ?? text.count
            let line = Array(text[start..<end])
            if line.contains("<") { mayUnescape = false }
            output += repairedLine(line, unescape: mayUnescape)
            start = end
        }
        return output
    }

    /// Repairs until nothing changes, because one repair can make another possible.
    private static func repairedLine(_ line: [Unicode.Scalar], unescape: Bool) -> [Unicode.Scalar] {
        var line = line
        for _ in 0..<passLimit {
            var text = unescape ? HTMLEntities.unescapeUnambiguous(line) : line
            text = text.flatMap(replacement)
            text = unixLineBreaks(text)
            text = withoutTerminalEscapes(text)
            text.removeAll(where: isUnwantedControl)
            text = composed(text)
            if text == line { break }
            line = text
        }
        return line
    }

    /// C1 controls as Windows-1252, ligatures apart, full and half width as usual width, quotes straight.
    private static func replacement(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        switch scalar.value {
        case ..<0x80: [scalar]
        case 0x80...0x9F: [Windows1252.scalar(UInt8(scalar.value)) ?? scalar].map(straight)
        case 0x132, 0x133, 0x149, 0x1C4...0x1CC, 0x1F1...0x1F3, 0xFB00...0xFB04, 0xFB06:
            compatibility(scalar).map(straight)
        case 0xFB05: ["\u{17F}", "t"]
        case 0x3000: [" "]
        case 0xFF01...0xFFEF: compatibility(scalar).map(straight)
        default: [straight(scalar)]
        }
    }

    private static func straight(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x2BC, 0x2018...0x201B: "'"
        case 0x201C...0x201F: "\""
        default: scalar
        }
    }

    /// The compatibility form, which for ligatures and widths is the plain letters.
    private static func compatibility(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        Array(String(scalar).precomposedStringWithCompatibilityMapping.unicodeScalars)
    }

    private static func unixLineBreaks(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var output: [Unicode.Scalar] = []
        output.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            switch scalar.value {
            case 0x0D: if index + 1 == text.count || text[index + 1] != "\n" { output.append("\n") }
            case 0x85, 0x2028, 0x2029: output.append("\n")
            default: output.append(scalar)
            }
        }
        return output
    }

    /// Removes `ESC [ digits and semicolons, letter`.
    private static func withoutTerminalEscapes(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.contains("\u{1B}") else { return text }
        var output: [Unicode.Scalar] = []
        var position = 0
        while position < text.count {
            if text[position] == "\u{1B}", position + 1 < text.count, text[position + 1] == "[" {
                var end = position + 2
                while end < text.count, ("0"..."9").contains(text[end]) || text[end] == ";" { end += 1 }
                if end < text.count, ("a"..."z").contains(text[end]) || ("A"..."Z").contains(text[end]) {
                    position = end + 1
                    continue
                }
            }
            output.append(text[position])
            position += 1
        }
        return output
    }

    private static func isUnwantedControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
        default: false
        }
    }

    /// Normalization form C.
    private static func composed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        // Below U+0300 nothing combines.
        guard text.contains(where: { $0.value >= 0x300 }) else { return text }
        // Foundation composes U+10399 with an accent as if it were U+0399, so text is cut after scalars beyond the first
        // plane. Of those only Brahmic letters have compositions.
        return text.split(after: { $0.value >= 0x10000 && !(0x11000...0x11FFF).contains($0.value) }).flatMap {
            String(String.UnicodeScalarView($0)).precomposedStringWithCanonicalMapping.unicodeScalars
        }
    }

    // MARK: CLIP

    private static func joinSpaces(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        Array(text.split { $0.properties.isWhitespace || (0x1C...0x1F).contains($0.value) }.joined(separator: [" "]))
    }

    /// Lower case by the full mapping of Unicode, where asked for with the sigma that ends a word.
    private static func lowercased(_ text: [Unicode.Scalar], finalSigma: Bool) -> [Unicode.Scalar] {
        var output: [Unicode.Scalar] = []
        output.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            if scalar.isASCII {
                output.append(("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar)
            } else if scalar == "Σ", finalSigma {
                let before = text[..<index].last { !$0.properties.isCaseIgnorable }
                let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
                let endsWord = before?.properties.isCased == true && after?.properties.isCased != true
                output.append(endsWord ? "ς" : "σ")
            } else {
                output += scalar.properties.lowercaseMapping.unicodeScalars
            }
        }
        return output
    }
}

extension [Unicode.Scalar] {
    /// The parts that end with a scalar that `isEnd` accepts, and the rest.
    fileprivate func split(after isEnd: (Unicode.Scalar) -> Bool) -> [ArraySlice<Unicode.Scalar>] {
        var parts: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        for (index, scalar) in enumerated() where isEnd(scalar) {
            parts.append(self[start...index])
            start = index + 1
        }
        return parts + [self[start...]]
    }
}
