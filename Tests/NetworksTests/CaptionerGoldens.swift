import Checkpoint
import ClipSampling
import Foundation
import Goldens
import TestSupport
import Testing

@testable import Networks

/// What transformers said, and of what.
enum CaptionerGoldens {
    static func document(_ name: String) throws -> Document {
        try GoldenFile.json(Document.self, at: Fixtures.url("captioners/\(name).json"))
    }

    static func goldens(_ name: String) throws -> GoldenFile {
        try GoldenFile(at: Fixtures.url("captioners/\(name).safetensors"))
    }

    /// What transformers said.
    struct Document: Decodable {
        struct Case: Decodable {
            struct Settings: Decodable {
                let num_beams: Int
                let early_stopping: Stopping?
                let length_penalty: Double?
                let no_repeat_ngram_size: Int?
                let repetition_penalty: Double?

                enum Stopping: Decodable {
                    case flag(Bool), never
                    init(from decoder: any Decoder) throws {
                        let value = try decoder.singleValueContainer()
                        self = (try? value.decode(Bool.self)).map(Stopping.flag) ?? .never
                    }
                }

                func applied(to settings: TextGenerationSettings, length: Int) -> TextGenerationSettings {
                    var settings = settings
                    settings.maximumLength = length
                    settings.beams = num_beams
                    switch early_stopping {
                    case .flag(let isEarly): settings.earlyStopping = isEarly ? .yes : .no
                    case .never: settings.earlyStopping = .never
                    case nil: break
                    }
                    if let length_penalty { settings.lengthPenalty = length_penalty }
                    if let no_repeat_ngram_size { settings.noRepeatNgramSize = no_repeat_ngram_size }
                    if let repetition_penalty { settings.repetitionPenalty = repetition_penalty }
                    return settings
                }
            }

            let settings: Settings
            let length: Int
            let tokens: [[Int32]]
            let texts: [String]
            let scores: [Float]?
        }

        let prompts: [String: [Int32]]?
        let prefix: String?
        let prompt: [Int32]?
        let cases: [Case]
    }

    static func folder(_ path: String) throws -> ModelFolder {
        try ModelFolder(HuggingFaceCache(environment: [:]).resolve(path, files: []))
    }

    // MARK: - Inputs

    static func pictures() throws -> [Image] {
        try CaptionerModels.read().florence2.pictures.enumerated().map { index, size in
            var random = SplitMix64(seed: UInt64(50 + index))
            let bytes = random.bytes(size[0] * size[1] * 3)
            return try #require(Image(width: size[1], height: size[0], pixels: Array(bytes)))
        }
    }

    static func sounds() throws -> [[Float]] {
        try CaptionerModels.read().whisper.sounds.enumerated().map { index, each in
            EvaluationData.wave(UInt64(60 + index), count: 16_000 * each[0], rate: each[1])
        }
    }
}
