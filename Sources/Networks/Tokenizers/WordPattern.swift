/// The patterns that cut text into words before byte-pair encoding, matched by hand on Unicode scalars.
enum WordPattern {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` of GPT-2 and RoBERTa: spaces belong to
    /// the word that follows.
    case gpt2
    /// `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+` of CLIP, which ignores
    /// case: digits stand alone, and spaces vanish.
    case clip
    /// `'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+` of transformers' CLIP: the same for text in lower case
    /// from which the special tokens were taken before.
    case clipText

    static let clipStart = Array("<|startoftext|>".unicodeScalars)
    static let clipEnd = Array("<|endoftext|>".unicodeScalars)

    /// The words of `text`, as ranges.
    func words(in text: [Unicode.Scalar]) -> [Range<Int>] {
        let kinds = text.map(ScalarKind.init)
        var words: [Range<Int>] = []
        var start = 0
        while start < text.count {
            let end =
                switch self {
                case .gpt2: gpt2WordEnd(text, kinds, start)
                case .clip: Self.markEnd(text, start) ?? clipWordEnd(text, kinds, start, ignoringCase: true)
                case .clipText: clipWordEnd(text, kinds, start, ignoringCase: false)
                }
            if self == .gpt2 || kinds[start] != .space { words.append(start..<end) }
            start = end
        }
        return words
    }

    private func gpt2WordEnd(_ text: [Unicode.Scalar], _ kinds: [ScalarKind], _ start: Int) -> Int {
        if let end = Self.contractionEnd(text, start, ignoringCase: false) { return end }
        let first = text[start] == " " ? start + 1 : start
        if first < text.count, kinds[first] != .space { return Self.runEnd(kinds, first) }
        let end = Self.runEnd(kinds, start)
        // The last of several spaces goes to the word that follows, if one does.
        return end < text.count && end - start > 1 ? end - 1 : end
    }

    private static func markEnd(_ text: [Unicode.Scalar], _ start: Int) -> Int? {
        [clipStart, clipEnd].first { text[start...].starts(with: $0) }.map { start + $0.count }
    }

    private func clipWordEnd(
        _ text: [Unicode.Scalar], _ kinds: [ScalarKind], _ start: Int, ignoringCase: Bool
    ) -> Int {
        if let end = Self.contractionEnd(text, start, ignoringCase: ignoringCase) { return end }
        return kinds[start] == .number ? start + 1 : Self.runEnd(kinds, start)
    }

    /// Where the run of scalars of one kind ends.
    private static func runEnd(_ kinds: [ScalarKind], _ start: Int) -> Int {
        kinds[start...].firstIndex { $0 != kinds[start] } ?? kinds.count
    }

    private static let contractions = ["s", "t", "re", "ve", "m", "ll", "d"].map { Array($0.unicodeScalars) }

    private static func contractionEnd(_ text: [Unicode.Scalar], _ start: Int, ignoringCase: Bool) -> Int? {
        guard text[start] == "'" else { return nil }
        for letters in contractions {
            let end = start + 1 + letters.count
            guard end <= text.count else { continue }
            let isMatch = zip(text[(start + 1)..<end], letters).allSatisfy { found, wanted in
                found == wanted || ignoringCase && fold(found) == wanted
            }
            if isMatch { return end }
        }
        return nil
    }

    private static func fold(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        // The long s is the one letter outside ASCII that folds to a letter of a contraction.
        if scalar == "\u{17F}" { return "s" }
        return ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar
    }
}

/// The classes that both patterns know.
private enum ScalarKind {
    case letter, number, space, other

    init(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = scalar.properties.isWhitespace ? .space : .other
        }
    }
}
