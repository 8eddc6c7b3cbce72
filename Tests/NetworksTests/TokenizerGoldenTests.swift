import Foundation
import Networks
import TestSupport
import Testing

/// The numbers of the Python tokenizers, text by text.
@Suite struct TokenizerGoldenTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            var text: String
            var roberta: [Int32]
            var clip: [Int64]
            var sd: [Int64]?
        }
        struct Variant: Decodable {
            /// Their text by name.
            var files: [String: String]
            var padding: Int64
            var texts: [String]
            var ids: [[Int64]]
        }
        struct Batch: Decodable {
            struct Rows: Decodable {
                var input_ids: [[Int64]]
                var attention_mask: [[Int64]]
            }
            var texts: [String]
            var longest: Rows
            var fixed: Rows
        }
        var cases: [Case]
        var variants: [Variant]
        var batch: Batch
    }

    static let golden = Result {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Fixtures.url("tokenizers/golden.json")))
    }

    @Test(arguments: [Fixtures.robertaTokenizer, Fixtures.url("tokenizers/roberta-fast")])
    func robertaGivesTheNumbersOfTransformers(_ folder: URL) throws {
        let tokenizer = try RobertaTokenizer(folder: folder.path)
        let cases = try Self.golden.get().cases
        #expect(cases.count > 150)
        for item in cases {
            #expect(tokenizer.encode(item.text, limit: 100_000) == item.roberta, "\(item.text.debugDescription)")
        }
    }

    @Test func robertaPadsAndTruncatesBatches() throws {
        let tokenizer = try RobertaTokenizer(folder: Fixtures.robertaTokenizer.path)
        let batch = try Self.golden.get().batch
        #expect(tokenizer.maximumLength == 512)
        let longest = tokenizer.encode(batch.texts, limit: 20)
        #expect(longest.ids == batch.longest.input_ids.flatMap(\.self))
        #expect(longest.mask == batch.longest.attention_mask.flatMap(\.self))
        #expect(longest.count == 3 && longest.length == 20)
        let fixed = tokenizer.encode(batch.texts, padTo: 12)
        #expect(fixed.ids == batch.fixed.input_ids.flatMap(\.self))
        #expect(fixed.mask == batch.fixed.attention_mask.flatMap(\.self))
    }

    @Test func clipGivesTheNumbersOfImageBind() throws {
        let tokenizer = try SimpleTokenizer(vocabulary: Fixtures.clipVocabulary.path)
        #expect(tokenizer.startID == 1512 && tokenizer.endID == 1513)
        for item in try Self.golden.get().cases {
            let zeros = [Int64](repeating: 0, count: 77 - item.clip.count)
            let batch = tokenizer.encode([item.text])
            #expect(batch.ids == item.clip + zeros, "\(item.text.debugDescription)")
            #expect(batch.length == 77)
        }
    }

    /// Stable Diffusion's, with the true tokenizer's layout and its end token for padding.
    private func expect(_ tokenizer: CLIPTokenizer, _ text: String, _ ids: [Int64], padding: Int64 = 1513) {
        let batch = tokenizer.encode([text])
        #expect(
            batch.ids == ids + [Int64](repeating: padding, count: 77 - ids.count), "\(text.debugDescription)")
        #expect(batch.mask.reduce(0, +) == ids.count && batch.length == 77)
    }

    @Test(arguments: [Fixtures.clipTokenizer, Fixtures.url("tokenizers/clip-fast")])
    func clipGivesTheNumbersOfTransformers(_ folder: URL) throws {
        let tokenizer = try CLIPTokenizer(folder: folder.path)
        #expect(tokenizer.startID == 1512 && tokenizer.endID == 1513 && tokenizer.paddingID == 1513)
        let cases = try Self.golden.get().cases
        #expect(cases.contains { $0.sd != nil })
        for item in cases { expect(tokenizer, item.text, item.sd ?? item.clip) }
    }

    /// The same vocabulary with configurations of several ages: added tokens, `!` for padding, files left out.
    @Test(arguments: 0..<6) func clipReadsEveryConfiguration(_ index: Int) throws {
        let variants = try Self.golden.get().variants
        #expect(variants.count == 6)
        let variant = variants[index]
        let folder = try TemporaryFolder()
        for name in ["vocab.json", "merges.txt"] {
            try FileManager.default.copyItem(
                at: Fixtures.clipTokenizer.appending(path: name), to: folder.url.appending(path: name))
        }
        for (name, text) in variant.files { try Data(text.utf8).write(to: folder.url.appending(path: name)) }
        let tokenizer = try CLIPTokenizer(folder: folder.url.path)
        #expect(Int64(tokenizer.paddingID) == variant.padding)
        for (text, ids) in zip(variant.texts, variant.ids) { expect(tokenizer, text, ids, padding: variant.padding) }
    }
}
