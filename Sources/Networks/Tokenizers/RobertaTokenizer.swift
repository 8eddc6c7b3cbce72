import Checkpoint

/// RoBERTa's byte-level byte-pair encoding, which is BART's too, as the text encoder of CLAP and Florence-2 expect it: `<s>`
/// text `</s>`, padded with `<pad>`. Gives the numbers of transformers' RobertaTokenizerFast and BartTokenizerFast with
/// `add_prefix_space` false.
package struct RobertaTokenizer: Sendable {
    private let encoder: BytePairEncoder
    private let added: AddedTokens
    /// The numbers of `<s>`, `</s>` and `<pad>`.
    package let startID, endID, paddingID: Int32
    /// `model_max_length` of the configuration, both ends counted; nil where it names none.
    package let maximumLength: Int?

    /// Loads `vocab.json` and `merges.txt`, or `tokenizer.json` where only that is there.
    /// - Throws: ``TokenizerError`` that names the file and the field.
    package init(folder: String) throws(TokenizerError) {
        try self.init(BytePairTokenizerFiles(folder: folder, family: .roberta))
    }

    /// Loads the same files, and what turns numbers into text.
    /// - Throws: ``TokenizerError`` that names the file and the field.
    package static func withText(folder: String) throws(TokenizerError) -> (RobertaTokenizer, TokenText) {
        let files = try BytePairTokenizerFiles(folder: folder, family: .roberta)
        return (try RobertaTokenizer(files), TokenText(files))
    }

    private init(_ files: BytePairTokenizerFiles) throws(TokenizerError) {
        do throws(TokenizerError.Kind) {
            encoder = try BytePairEncoder(vocabulary: files.vocabulary, merges: files.merges, wordEnd: "")
        } catch {
            throw TokenizerError(path: files.path, kind: error)
        }
        added = files.added
        startID = files.startID
        endID = files.endID
        paddingID = files.paddingID
        maximumLength = files.maximumLength
    }

    /// The numbers of one text, `<s>` and `</s>` included.
    /// - Parameter limit: the most numbers to return, at least 2; what is too long loses its end, but not `</s>`. Nil for
    ///   ``maximumLength``.
    package func encode(_ text: String, limit: Int? = nil) -> [Int32] {
        var ids = encoder.encode(text, added)
        if let limit = limit ?? maximumLength { ids = Array(ids.prefix(max(0, limit - 2))) }
        return [startID] + ids + [endID]
    }

    /// Several texts in one batch.
    /// - Parameters:
    ///   - limit: as for one text.
    ///   - length: pads to this length, which also limits; nil pads to the longest of the texts.
    package func encode(_ texts: [String], limit: Int? = nil, padTo length: Int? = nil) -> TokenBatch {
        let bound = [limit ?? maximumLength, length].compactMap(\.self).min()
        let rows = texts.map { encode($0, limit: bound) }
        // Both ends stay even where the length is below 2.
        return TokenBatch(rows: rows, length: length.map { max($0, 2) }, padding: paddingID)
    }
}

extension BytePairEncoder {
    /// The numbers of a text that is cut as GPT-2 cuts it, and of the added tokens in it.
    func encode(_ text: String, _ added: AddedTokens) -> [Int32] {
        let scalars = Array(text.unicodeScalars)
        var ids: [Int32] = []
        for piece in added.split(scalars) {
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let range):
                let part = Array(scalars[range])
                for word in WordPattern.gpt2.words(in: part) { ids += encode(utf8(part[word])) }
            }
        }
        return ids
    }
}

/// The UTF-8 bytes of scalars.
func utf8(_ scalars: ArraySlice<Unicode.Scalar>) -> [UInt8] { scalars.flatMap { Array(UTF8.encode($0) ?? .init()) } }
