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

    private static func endsSentence(_ word: String) -> Bool { word.last.map { ".!?".contains($0) } ?? false }
}
