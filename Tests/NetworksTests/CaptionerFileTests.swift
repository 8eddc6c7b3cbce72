import Checkpoint
import ClipSampling
import Foundation
import Method
import TestSupport
import Testing
import Torch

@testable import Networks

/// Folders of captioners that are not as they should be.
@Suite("Captioners' files", .serialized)
struct CaptionerFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ medium: CaptionedMedium) throws -> String {
        switch medium {
        case .image: try CaptionerModels.florence(in: folder)
        case .audio: try CaptionerModels.whisper(in: folder)
        }
    }

    /// Loads, and has something short told.
    /// - Returns: nil where it is only loaded.
    @discardableResult
    private func tell(_ path: String, _ medium: CaptionedMedium, loadingOnly: Bool = false) throws -> ModelCaption? {
        let model = try CaptionerGoldens.folder(path)
        switch medium {
        case .image:
            let captioner = try FlorenceCaptioner(model, device: .cpu)
            let picture = try #require(Image(width: 1, height: 1, pixels: [9, 99, 200]))
            return loadingOnly ? nil : try captioner(picture, .brief, beams: nil, limit: 8)
        case .audio:
            let captioner = try WhisperCaptioner(model, device: .cpu)
            let silence = [Float](repeating: 0, count: 1600)
            return loadingOnly
                ? nil : try captioner(silence, style: "clotho > caption: ", beams: nil, limit: 8)
        }
    }

    @Test("a picture of one pixel and silence are told of like others", arguments: CaptionedMedium.allCases)
    func smallest(medium: CaptionedMedium) throws {
        let said = try #require(try tell(path(medium), medium))
        #expect(!said.text.isEmpty && said.score.isFinite)
    }

    @Test(
        "a file that is missing is named", arguments: CaptionedMedium.allCases,
        ["config.json", "preprocessor_config.json", "vocab.json", "merges.txt", "weights"])
    func missing(medium: CaptionedMedium, name: String) throws {
        let path = try path(medium)
        let file = name == "weights" ? (medium == .image ? "model.safetensors" : "pytorch_model.bin") : name
        try FileManager.default.removeItem(atPath: "\(path)/\(file)")
        let error = #expect(throws: (any Error).self) { try tell(path, medium) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(file) || text.contains("tokenizer.json") && file == "vocab.json", "\(text)")
    }

    @Test("a folder of another kind of model, and one of the other medium, are refused by what they say of themselves")
    func otherKinds() throws {
        let (florence, whisper) = try (path(.image), path(.audio))
        for (path, medium) in [(florence, CaptionedMedium.audio), (whisper, .image)] {
            let error = #expect(throws: ConfigurationError.self) { try tell(path, medium) }
            #expect(error?.field == "model_type", "\(error?.description ?? "")")
        }
        try change("config.json", of: florence) { $0["model_type"] = "blip" }
        let error = #expect(throws: ConfigurationError.self) { try tell(florence, .image) }
        #expect(error?.description.contains("blip") == true)
    }

    private func change(
        _ name: String, of path: String, _ body: (inout [String: Any]) throws -> Void
    ) throws {
        let file = URL(filePath: "\(path)/\(name)")
        var object = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        try body(&object)
        try JSONSerialization.data(withJSONObject: object).write(to: file)
    }

    @Test(
        "a vocabulary that is larger than the network's is refused before a token is looked up",
        arguments: CaptionedMedium.allCases)
    func oddVocabulary(medium: CaptionedMedium) throws {
        let path = try path(medium)
        // Every token of the vocabulary above the bytes gets a number that no row has.
        try change("vocab.json", of: path) { vocabulary in
            for (token, id) in vocabulary where token.count > 1 {
                vocabulary[token] = (try #require(id as? Int)) + 100_000
            }
        }
        let error = #expect(throws: (any Error).self) { try tell(path, medium) }
        #expect(error.map { "\($0)" }?.contains("vocab") == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test("a size of the vocabulary that the weights do not have is refused", arguments: CaptionedMedium.allCases)
    func oddSize(medium: CaptionedMedium) throws {
        let path = try path(medium)
        try change("config.json", of: path) { config in
            if medium == .audio {
                config["vocab_size"] = 7
            } else {
                var text = try #require(config["text_config"] as? [String: Any])
                text["vocab_size"] = 7
                config["text_config"] = text
            }
        }
        #expect(throws: (any Error).self) { try tell(path, medium) }
    }

    @Test(
        "damaged texts beside the weights are an error or a caption, and neither a crash nor an hour",
        arguments: CaptionedMedium.allCases)
    func fuzz(medium: CaptionedMedium) throws {
        let path = try path(medium)
        var mutator = ByteMutator(seed: 17)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.hasSuffix(".json") || $0.hasSuffix(".txt") }.sorted()
        #expect(names.count >= 6)
        var told = 0
        for name in names {
            let original = try Array(Data(contentsOf: URL(filePath: "\(path)/\(name)")))
            // A picture may be enlarged to 4096 × 4096 pixels, and a sound be as long as it likes: true, and slow.
            let loadingOnly = name == "preprocessor_config.json"
            for _ in 0..<20 {
                try Data(mutator.mutate(original)).write(to: URL(filePath: "\(path)/\(name)"))
                do {
                    try tell(path, medium, loadingOnly: loadingOnly)
                    told += 1
                } catch {}
            }
            try Data(original).write(to: URL(filePath: "\(path)/\(name)"))
        }
        // What is damaged where nobody looks does no harm.
        #expect(told > 0 && told < 20 * names.count)
        #expect(try tell(path, medium)?.score.isFinite == true)
    }
}
