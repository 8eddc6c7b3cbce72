/// Text out of the numbers of a byte-level byte-pair tokenizer, as transformers' fast tokenizers decode it with
/// `skip_special_tokens`.
package struct TokenText: Sendable {
    private let tokens: [Int32: [UInt8]]
    private let special: Set<Int32>

    init(_ files: BytePairTokenizerFiles) {
        var tokens: [Int32: [UInt8]] = [:]
        tokens.reserveCapacity(files.vocabulary.count)
        for (token, id) in files.vocabulary { tokens[id] = Self.bytes(token) }
        for token in files.added.all { tokens[token.id] = Self.bytes(token.text) }
        self.tokens = tokens
        special = Set(files.added.all.filter(\.isSpecial).map(\.id))
    }

    /// What the numbers say. Special tokens, and numbers without a token, say nothing; bytes that are no UTF-8 become U+FFFD.
    package func callAsFunction(_ ids: [Int32]) -> String {
        String(decoding: ids.flatMap { special.contains($0) ? [] : tokens[$0] ?? [] }, as: UTF8.self)
    }

    /// The bytes that a token is written for; its own where a character stands for none.
    private static func bytes(_ token: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in token.unicodeScalars {
            guard let byte = ByteAlphabet.bytes[scalar] else { return Array(token.utf8) }
            bytes.append(byte)
        }
        return bytes
    }
}
