/// CLIP's byte-pair encoding as Stable Diffusion's text encoder expects it: start, text, end, padded to the context's
/// length. Gives the numbers of transformers' CLIPTokenizerFast.
package struct CLIPTokenizer: Sendable {
    private let encoder: BytePairEncoder
    /// Added tokens that are looked for before text is normalized, and after.
    private let verbatim, normalized: AddedTokens
    /// The numbers of `<|startoftext|>`, `<|endoftext|>` and of what stands after it: the end again in Stable Diffusion
    /// 1.5, `!` in 2.1.
    package let startID, endID, paddingID: Int32
    /// Numbers in a row: `model_max_length` of the configuration, or CLIP's 77 where it names none.
    package let contextLength: Int
    /// The highest number that a row can hold.
    package let largestID: Int32

    /// Loads `vocab.json` and `merges.txt`, or `tokenizer.json` where only that is there.
    /// - Throws: ``TokenizerError`` that names the file and the field.
    package init(folder: String) throws(TokenizerError) {
        let family = TokenizerFamily.clip
        let files = try BytePairTokenizerFiles(folder: folder, family: family)
        do throws(TokenizerError.Kind) {
            encoder = try BytePairEncoder(
                vocabulary: files.vocabulary, merges: files.merges, wordEnd: family.wordEnd)
        } catch {
            throw TokenizerError(path: files.path, kind: error)
        }
        verbatim = files.added.filtered { !$0.isNormalized }
        normalized = files.added.filtered(\.isNormalized) { token in
            var token = token
            token.content = TextCleaner.normalizeAsTransformers(token.content)
            return token
        }
        startID = files.startID
        endID = files.endID
        paddingID = files.paddingID
        contextLength = files.maximumLength ?? 77
        largestID = max(files.vocabulary.values.max() ?? 0, files.added.tokenIDs.map(\.1).max() ?? 0)
    }

    /// The numbers of a text, without start and end, of any length.
    package func encode(_ text: String) -> [Int32] {
        pieces(of: Array(text.unicodeScalars), verbatim) { part in
            pieces(of: TextCleaner.normalizeAsTransformers(part), normalized) { part in
                WordPattern.clipText.words(in: part).flatMap { encoder.encode(utf8(part[$0])) }
            }
        }
    }

    /// Rows of ``contextLength`` numbers: start, text, end, padding. What is too long loses its end, but not the end token.
    package func encode(_ texts: [String]) -> TokenBatch {
        let rows = texts.map { [startID] + encode($0).prefix(contextLength - 2) + [endID] }
        return TokenBatch(rows: rows, length: contextLength, padding: paddingID)
    }

    /// The numbers of the added tokens, and between them those of the text.
    private func pieces(
        of text: [Unicode.Scalar], _ added: AddedTokens, _ encode: ([Unicode.Scalar]) -> [Int32]
    ) -> [Int32] {
        added.split(text).flatMap { piece in
            switch piece {
            case .token(let id): [id]
            case .text(let range): encode(Array(text[range]))
            }
        }
    }
}
