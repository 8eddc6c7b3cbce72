import Checkpoint

/// Whisper's byte-level byte-pair encoding: GPT-2's, with special tokens that say what a text is. Gives the numbers of
/// transformers' WhisperTokenizer.
package struct WhisperTokenizer: Sendable {
    private let encoder: BytePairEncoder
    private let added: AddedTokens
    private let path: String
    /// Text out of numbers.
    package let text: TokenText
    /// The number of `<|endoftext|>`.
    package let endID: Int32

    /// Loads `vocab.json` and `merges.txt`, or `tokenizer.json` where only that is there.
    /// - Throws: ``TokenizerError`` that names the file and the field.
    package init(folder: String) throws(TokenizerError) {
        let files = try BytePairTokenizerFiles(folder: folder, family: .whisper)
        do throws(TokenizerError.Kind) {
            encoder = try BytePairEncoder(vocabulary: files.vocabulary, merges: files.merges, wordEnd: "")
        } catch {
            throw TokenizerError(path: files.path, kind: error)
        }
        added = files.added
        path = files.path
        text = TokenText(files)
        endID = files.endID
    }

    /// The numbers of a text, without special tokens around it.
    package func encode(_ text: String) -> [Int32] { encoder.encode(text, added) }

    /// The number of a special token, such as `<|transcribe|>`: releases number them differently.
    /// - Throws: ``TokenizerError`` where the files have no such token.
    package func special(_ token: String) throws(TokenizerError) -> Int32 {
        guard let id = added.tokenIDs.first(where: { $0.0 == token })?.1 else {
            throw TokenizerError(path: path, kind: .unknownToken(role: "special", token))
        }
        return id
    }
}
