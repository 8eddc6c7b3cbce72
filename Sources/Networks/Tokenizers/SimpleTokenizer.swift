/// CLIP's byte-pair encoding as ImageBind's text tower expects it: start, text, end, padded with 0.
///
/// Source: `SimpleTokenizer` of ImageBind, which took it over from CLIP. ftfy is not complete, see ``TextCleaner``.
package struct SimpleTokenizer: Sendable {
    /// Merges in the published vocabulary that count; the file goes on after them.
    static let mergeLimit = 49_152 - 256 - 2

    private let encoder: BytePairEncoder
    /// The numbers of `<|startoftext|>` and `<|endoftext|>`.
    package let startID, endID: Int32
    /// Numbers in a row.
    package let contextLength: Int

    /// Loads `bpe_simple_vocab_16e6.txt.gz`, or the same unpacked: a first line to pass over, then a merge on each.
    /// - Throws: ``TokenizerError`` that names the file and the line.
    package init(vocabulary path: String, contextLength: Int = 77) throws(TokenizerError) {
        let lines = try VocabularyReader.lines(path)
        do throws(TokenizerError.Kind) {
            let merges = try VocabularyReader.merges(lines.dropFirst().prefix(Self.mergeLimit))
            let symbols = ByteAlphabet.order.map { ByteAlphabet.symbols[Int($0)] }
            let tokens = symbols + symbols.map { "\($0)</w>" } + merges.map { String($0.left + $0.right) }
            // Two merges can make the same token; the later number holds.
            let vocabulary = Dictionary(zip(tokens, Int32(0)...), uniquingKeysWith: { $1 })
            encoder = try BytePairEncoder(vocabulary: vocabulary, merges: merges, wordEnd: "</w>")
            startID = Int32(tokens.count)
            endID = Int32(tokens.count + 1)
        } catch {
            throw TokenizerError(path: path, kind: error)
        }
        self.contextLength = max(2, contextLength)
    }

    /// The numbers of a text, without start and end, of any length.
    package func encode(_ text: String) -> [Int32] {
        let scalars = TextCleaner.clean(text)
        return WordPattern.clip.words(in: scalars).flatMap { range in
            let word = scalars[range]
            if word.elementsEqual(WordPattern.clipStart) { return [startID] }
            if word.elementsEqual(WordPattern.clipEnd) { return [endID] }
            return encoder.encode(utf8(word))
        }
    }

    /// Rows of ``contextLength`` numbers: start, text, end, zeros. Of a text that does not fit the end is cut off, and the
    /// last number is the end token, as in ImageBind's present code.
    package func encode(_ texts: [String]) -> TokenBatch {
        let rows = texts.map { text in
            var row = [startID] + encode(text) + [endID]
            if row.count > contextLength {
                row = Array(row.prefix(contextLength))
                row[contextLength - 1] = endID
            }
            return row
        }
        return TokenBatch(rows: rows, length: contextLength, padding: 0)
    }
}
