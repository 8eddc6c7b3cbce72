import Foundation
import TestSupport
import Testing

@testable import Networks

extension Integration {
    /// Whisper's own vocabulary, which is too large for the repository: out of the `openai-whisper` package.
    @Suite("Whisper's vocabulary")
    struct WhisperVocabularyTests {
        @Test("50257 tokens and their merges give tiktoken's numbers for every text, and the texts back")
        func numbers() async throws {
            let folder = try TemporaryFolder()
            let made = try await Python.run("Tests/Integration/whisper_vocabulary.py", folder.path)
            try #require(made.code == 0, "\(made.text)")
            #expect(made.output == "50257 tokens, 50000 merges\n")
            let tokenizer = try WhisperTokenizer(folder: folder.path)
            let texts = try #require(
                JSONSerialization.jsonObject(
                    with: Data(contentsOf: folder.url.appending(path: "texts.json"))) as? [[Any]])
            #expect(texts.count > 200)
            for pair in texts {
                let (text, ids) = (try #require(pair[0] as? String), try #require(pair[1] as? [Int32]))
                #expect(tokenizer.encode(text) == ids, "\(text)")
                #expect(tokenizer.text(ids) == text)
            }
            // The style that `MU-NLPC/whisper-small-audio-captioning` names; its last number is a space alone.
            #expect(tokenizer.encode("clotho > caption: ") == [3474, 900, 78, 12331, 31974, 25, 220])
            #expect(try tokenizer.special("<|startoftranscript|>") == 50258 && tokenizer.endID == 50257)
            #expect(try tokenizer.special("<|en|>") == 50259 && tokenizer.special("<|transcribe|>") == 50359)
            #expect(try tokenizer.special("<|notimestamps|>") == 50363)
        }
    }
}
