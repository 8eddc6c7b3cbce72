internal import Foundation

/// What becomes of a text that a model wrote before it is a caption.
package enum CaptionText {
    /// White space collapsed, and what breaks off in the middle cut back.
    ///
    /// - Parameters:
    ///   - isCut: whether it ended because it might not become longer: then its last sentence is no whole one.
    ///   - words: the most that it may have; 0: any number.
    /// - Returns: nil where nothing is left.
    package static func cleaned(_ text: String, isCut: Bool, words limit: Int = 0) -> String? {
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        if isCut, let end = words.lastIndex(where: endsSentence) { words = Array(words[...end]) }
        if limit > 0, words.count > limit {
            words = Array(words[..<limit])
            if let end = words.lastIndex(where: endsSentence) { words = Array(words[...end]) }
        }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// A chat's answer without what is not the caption: its thoughts, the marks that Qwen-VL sets around what it points at and the
    /// places behind them, and quotes around the whole.
    package static func unwrapped(_ text: String) -> String {
        var text = without("think", text, keeping: false)
        // Thoughts whose beginning was part of the prompt.
        if let end = text.range(of: "</think>", options: .backwards) { text = String(text[end.upperBound...]) }
        text = without("box", without("ref", text, keeping: true), keeping: false)
        while true {
            text = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard text.count > 1, let first = text.first, let last = text.last,
                quotes.contains(where: { $0 == (first, last) })
            else { return text }
            text = String(text.dropFirst().dropLast())
        }
    }

    private static let quotes: [(Character, Character)] = [
        ("\"", "\""), ("'", "'"), ("“", "”"), ("‘", "’"), ("`", "`"),
    ]

    /// A text without an element's tags, and without what stands between them where that is not kept. One that does not end goes
    /// to the end.
    private static func without(_ element: String, _ text: String, keeping: Bool) -> String {
        let (begin, end) = ("<\(element)>", "</\(element)>")
        var (rest, result) = (text[...], "")
        while let start = rest.range(of: begin) {
            result += rest[..<start.lowerBound]
            let inside = rest[start.upperBound...]
            guard let stop = inside.range(of: end) else { return keeping ? result + inside : result }
            if keeping { result += inside[..<stop.lowerBound] }
            rest = inside[stop.upperBound...]
        }
        return result + rest
    }

    private static func endsSentence(_ word: String) -> Bool { word.last.map { ".!?".contains($0) } ?? false }
}
