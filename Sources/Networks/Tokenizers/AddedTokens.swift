import JSON

/// Tokens such as `<mask>` that are found in text before it is cut into words.
///
/// Source: `added_vocabulary.rs` of huggingface/tokenizers, which RobertaTokenizerFast and CLIPTokenizerFast run.
struct AddedTokens {
    struct Token: Equatable {
        var content: [Unicode.Scalar]
        var id: Int32
        /// Whether white space before or after it belongs to it, and so vanishes.
        var takesSpaceBefore = false
        var takesSpaceAfter = false
        /// Whether it is looked for in normalized text, itself normalized, rather than in the text as it stands.
        var isNormalized = false
        /// Whether it stands for no text, and is left out of what was generated.
        var isSpecial = false

        var text: String { String(String.UnicodeScalarView(content)) }
    }

    enum Piece: Equatable {
        case text(Range<Int>)
        case token(Int32)
    }

    private var tokens: [Token] = []

    /// All of them.
    var all: [Token] { tokens }

    /// Texts and numbers of all of them.
    var tokenIDs: [(String, Int32)] { tokens.map { ($0.text, $0.id) } }

    /// Whether a token of this content is there.
    func contains(_ text: String) -> Bool { tokens.contains { $0.text == text } }

    /// The tokens that `isKept` accepts, each changed.
    func filtered(_ isKept: (Token) -> Bool, changing change: (Token) -> Token = { $0 }) -> AddedTokens {
        var result = AddedTokens()
        for token in tokens where isKept(token) { result.add(change(token)) }
        return result
    }

    /// Adds a token, or replaces the one of the same content.
    mutating func add(_ token: Token) {
        guard !token.content.isEmpty else { return }
        tokens.removeAll { $0.content == token.content }
        tokens.append(token)
        tokens.sort { $0.content.count > $1.content.count }
    }

    /// Cuts text at its added tokens: at each place the longest that begins there.
    func split(_ text: [Unicode.Scalar]) -> [Piece] {
        var pieces: [Piece] = []
        var start = 0
        var position = 0
        while position < text.count {
            guard let token = tokens.first(where: { text[position...].starts(with: $0.content) }) else {
                position += 1
                continue
            }
            var begin = position
            position += token.content.count
            if token.takesSpaceBefore {
                while begin > start, text[begin - 1].properties.isWhitespace { begin -= 1 }
            }
            if token.takesSpaceAfter {
                while position < text.count, text[position].properties.isWhitespace { position += 1 }
            }
            if begin > start { pieces.append(.text(start..<begin)) }
            pieces.append(.token(token.id))
            start = position
        }
        if start < text.count { pieces.append(.text(start..<text.count)) }
        return pieces
    }
}

extension AddedTokens.Token {
    /// A token as the JSON files write it: its text, or an object with `content` and what it does to white space.
    init(
        _ value: JSONValue, id: (String) throws(TokenizerError.Kind) -> Int32, field: String,
        takesSpaceBefore: Bool = false, isNormalized: Bool = false, isSpecial: Bool = false
    ) throws(TokenizerError.Kind) {
        if let text = value.string {
            self.init(
                content: Array(text.unicodeScalars), id: try id(text), takesSpaceBefore: takesSpaceBefore,
                isNormalized: isNormalized, isSpecial: isSpecial)
            return
        }
        guard let text = value["content"]?.string else { throw .field(field, reason: "a token is needed") }
        guard value["single_word"]?.bool != true else {
            throw .field("\(field).single_word", reason: "true is not supported")
        }
        self.init(
            content: Array(text.unicodeScalars), id: try id(text),
            takesSpaceBefore: value["lstrip"]?.bool ?? false, takesSpaceAfter: value["rstrip"]?.bool ?? false,
            isNormalized: value["normalized"]?.bool ?? isNormalized, isSpecial: value["special"]?.bool ?? isSpecial)
    }
}
