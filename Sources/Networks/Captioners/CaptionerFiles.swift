internal import Checkpoint
internal import Files
internal import Method

/// What a captioner's folder says of itself and of how it writes.
struct CaptionerFiles {
    private let own: GenerationFile?
    private let config: Config

    private struct Config: Decodable {
        let modelType: String
        let generation: GenerationFile
        let text: GenerationFile?

        private enum CodingKeys: String, CodingKey {
            case modelType = "model_type"
            case text = "text_config"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            modelType = try container.decode(String.self, forKey: .modelType)
            text = try container.decodeIfPresent(GenerationFile.self, forKey: .text)
            generation = try GenerationFile(from: decoder)
        }
    }

    /// - Throws: `ModelFolderError`; ``ConfigurationError`` where the folder is of another kind of model.
    init(_ folder: ModelFolder, _ medium: CaptionedMedium) throws {
        config = try ModelFolder.config(Config.self, at: "\(folder.path)/config.json")
        guard config.modelType == medium.modelType else {
            throw ConfigurationError(
                folder.path, "model_type", found: "\"\(config.modelType)\"", expected: "\"\(medium.modelType)\"")
        }
        let path = "\(folder.path)/generation_config.json"
        own = PathKind(path) == .file ? try ModelFolder.config(GenerationFile.self, at: path) : nil
    }

    /// Refuses a tokenizer whose tokens the network has no rows for: looked up there, they would be anything.
    static func check(
        _ tokens: [Int32], model: String, vocabulary: Int, of what: String
    ) throws(ConfigurationError) {
        guard let largest = tokens.max(), largest >= vocabulary else { return }
        throw ConfigurationError(
            model, "vocab_size", found: "\(vocabulary)",
            expected: "more than \(largest), which is a token of \(what) in the folder's vocabulary,")
    }

    func settings(model: String, _ vocabulary: Int) throws(ConfigurationError) -> TextGenerationSettings {
        try GenerationFile.settings(
            of: [own, config.text, config.generation].compactMap(\.self), model: model, vocabulary: vocabulary)
    }
}
