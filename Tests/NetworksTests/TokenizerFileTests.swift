import Checkpoint
import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import Networks

@Suite struct TokenizerFileTests {
    private static let roberta = Fixtures.robertaTokenizer
    private static let fastRoberta = Fixtures.url("tokenizers/roberta-fast")

    /// A tokenizer of whose files single ones are replaced, or removed for nil.
    private func load(_ changes: [String: String?], from files: URL = roberta) throws -> RobertaTokenizer {
        let temporary = try TemporaryFolder()
        let folder = temporary.url.appending(path: "tokenizer")
        try FileManager.default.copyItem(at: files, to: folder)
        for (name, content) in changes {
            if let content {
                try temporary.write(content, to: "tokenizer/\(name)")
            } else {
                try FileManager.default.removeItem(at: folder.appending(path: name))
            }
        }
        return try RobertaTokenizer(folder: folder.path)
    }

    private func kind(_ changes: [String: String?], from files: URL = roberta) -> TokenizerError.Kind? {
        do {
            _ = try load(changes, from: files)
            return nil
        } catch { return (error as? TokenizerError)?.kind }
    }

    private func fixture(_ path: String) throws -> String {
        try String(contentsOf: Fixtures.url("tokenizers/\(path)"), encoding: .utf8)
    }

    @Test func namesWhatIsWrongWithTheFiles() throws {
        #expect(kind(["vocab.json": nil]) == .noFiles)
        guard case .file(.missing(path: let path)) = kind(["merges.txt": nil]) else {
            Issue.record("merges.txt is needed")
            return
        }
        #expect(path.hasSuffix("/merges.txt"))
        guard case .json(let error) = kind(["vocab.json": "{"]) else {
            Issue.record("vocab.json is not JSON")
            return
        }
        #expect(error == JSONError(offset: 1, kind: .unexpectedEnd(expected: "a key")))
        #expect(kind(["vocab.json": "[]"]) == .field("(root)", reason: "an object of tokens is needed"))
        #expect(kind(["vocab.json": #"{"a":0,"b":0}"#]) == .duplicateID(0, "a", "b"))
        #expect(
            kind(["vocab.json": #"{"<s>":0,"a":-1}"#])
                == .field("(root)[\"a\"]", reason: "a number at or above 0 is needed"))
        #expect(kind(["vocab.json": #"{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"<mask>":4}"#]) == .missingByte("Ā"))
        #expect(kind(["merges.txt": "#version\na b c\n"]) == .badMerge(line: 2, "a b c"))
        #expect(kind(["merges.txt": "#version\na b\nabab abab\n"]) == .unknownMerge(number: 2, "abab abab"))
    }

    @Test func namesWhatIsWrongWithTheConfiguration() throws {
        let file = "tokenizer_config.json"
        #expect(
            kind([file: #"{"add_prefix_space":true}"#]) == .field("add_prefix_space", reason: "true is not supported"))
        // The file of special tokens would come first.
        let map = "special_tokens_map.json"
        #expect(kind([file: #"{"pad_token":"<none>"}"#]) == nil)
        #expect(
            kind([file: #"{"pad_token":"<none>"}"#, map: nil]) == .unknownToken(role: "pad_token", "<none>"))
        #expect(
            kind([file: #"{"mask_token":{"content":"<mask>","single_word":true}}"#, map: nil])
                == .field("mask_token.single_word", reason: "true is not supported"))
        #expect(
            kind([file: #"{"pad_token":null}"#, map: nil])
                == .field("cls_token, sep_token, pad_token", reason: "none may be null"))
        #expect(
            kind([file: #"{"added_tokens_decoder":{"x":"<y>"}}"#])
                == .field("added_tokens_decoder[\"x\"]", reason: "the name is not a number"))
        #expect(
            kind([file: #"{"added_tokens_decoder":{"-1":"<y>"}}"#])
                == .field("added_tokens_decoder[\"-1\"]", reason: "the name is not a number"))
        #expect(try load([file: nil]).maximumLength == nil)
        #expect(try load([file: #"{"model_max_length":1e30}"#]).maximumLength == nil)
        let added = try load([file: #"{"added_tokens_decoder":{"2000":{"content":"<new>","rstrip":true}}}"#])
        #expect(added.encode("<new>  ") == [0, 2000, 2])
    }

    @Test func readsOlderFastTokenizersAndRefusesOthers() throws {
        let text = try fixture("roberta-fast/tokenizer.json")
        let older = text.replacing(#/\["([^"\\ ]+)","([^"\\ ]+)"\]/#) { "\"\($0.output.1) \($0.output.2)\"" }
        #expect(older != text)
        let sample = "a dog barking in the rain"
        #expect(try load(["tokenizer.json": older], from: Self.fastRoberta).encode(sample) == load([:]).encode(sample))
        func fast(_ old: String, _ new: String) -> TokenizerError.Kind? {
            kind(["tokenizer.json": text.replacing(old, with: new)], from: Self.fastRoberta)
        }
        #expect(fast(#""type":"BPE""#, #""type":"Unigram""#) == .field("model.type", reason: "\"BPE\" is needed"))
        #expect(
            fast(#""normalizer":null"#, #""normalizer":{"type":"NFC"}"#)
                == .field("normalizer", reason: "RoBERTa, BART and Whisper have none, and others are not supported"))
        #expect(
            fast(#""add_prefix_space":false"#, #""add_prefix_space":true"#)
                == .field("pre_tokenizer.add_prefix_space", reason: "true is not supported"))
    }

    /// The steps that a CLIP tokenizer.json names must be those that are done here.
    @Test func refusesOtherCLIPTokenizers() throws {
        let text = try fixture("clip-fast/tokenizer.json")
        let folder = try TemporaryFolder()
        func kind(_ old: String, _ new: String) -> TokenizerError.Kind? {
            let changed = text.replacing(old, with: new)
            do {
                try Data(changed.utf8).write(to: folder.url.appending(path: "tokenizer.json"))
                _ = try CLIPTokenizer(folder: folder.url.path)
                return nil
            } catch { return (error as? TokenizerError)?.kind }
        }
        func field(_ old: String, _ new: String) -> String? {
            if case .field(let field, _) = kind(old, new) { field } else { nil }
        }
        #expect(kind("", "") == nil)
        #expect(field(#"{"type":"NFC"}"#, #"{"type":"NFD"}"#) == "normalizer.normalizers")
        #expect(field(#"[\\p{N}]|"#, #"[\\p{N}]+|"#) == "pre_tokenizer.pretokenizers")
        #expect(field(#""end_of_word_suffix":"</w>""#, #""end_of_word_suffix":"""#) == "model.end_of_word_suffix")
        #expect(field(#""type":"BPE""#, #""type":"Unigram""#) == "model.type")
    }

    @Test func readsClipVocabulariesPackedOrNot() throws {
        let packed = Fixtures.clipVocabulary.path
        let folder = try TemporaryFolder()
        let plain = try folder.write(VocabularyReader.lines(packed).joined(separator: "\r\n"), to: "clip.txt")
        let sample = ["Waves crashing against the rocks"]
        #expect(
            try SimpleTokenizer(vocabulary: plain).encode(sample)
                == SimpleTokenizer(vocabulary: packed).encode(sample))
        try folder.write(Data(contentsOf: Fixtures.clipVocabulary).prefix(1000), to: "clip.txt")
        #expect(throws: TokenizerError(path: plain, kind: .gzip(.truncated))) {
            try SimpleTokenizer(vocabulary: plain)
        }
    }

    @Test func truncatesButKeepsBothEnds() throws {
        let tokenizer = try load([:])
        let long = String(repeating: "rain ", count: 1_000)
        #expect(tokenizer.encode(long).count == 512)
        #expect(tokenizer.encode(long).last == tokenizer.endID)
        #expect(tokenizer.encode(long, limit: 2) == [tokenizer.startID, tokenizer.endID])
        #expect(tokenizer.encode(long, limit: 0) == [tokenizer.startID, tokenizer.endID])
    }

    /// Quadratic joining would take minutes.
    @Test func takesOneWordOf100000Letters() throws {
        let tokenizer = try load([:])
        let word = String(repeating: "thequickbrownfox", count: 6_250)
        let ids = tokenizer.encode(word, limit: .max)
        #expect(ids.count > 10_000 && ids.count < 100_000)
    }

    /// 10,000 texts of random scalars.
    @Test func takesAnyText() throws {
        let roberta = try load([:])
        let clip = try SimpleTokenizer(vocabulary: Fixtures.clipVocabulary.path)
        let diffusion = try CLIPTokenizer(folder: Fixtures.clipTokenizer.path)
        var random = SplitMix64(seed: 5)
        for _ in 0..<10_000 {
            var text = ""
            for _ in 0..<12 {
                let value = UInt32(random.next() >> 33)
                let range: UInt32 = [128, 0x500, 0x3000, 0x11_0000][Int(value % 4)]
                text.unicodeScalars.append(Unicode.Scalar(value / 4 % range) ?? "&")
            }
            #expect(roberta.encode(text).count >= 2)
            #expect(clip.encode([text]).ids.count == 77)
            #expect(diffusion.encode([text]).ids.count == 77)
        }
    }
}
