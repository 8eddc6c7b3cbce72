package import Checkpoint
package import ClipSampling
package import Method
package import Torch

/// Florence-2 with all that it needs to tell what a picture shows.
///
/// Computes in single precision, one picture at a time: tokens are discrete, and rounding that differs could turn one into another.
package struct FlorenceCaptioner: Sendable {
    package let network: Florence2
    package let picture: FlorencePicture
    package let tokenizer: RobertaTokenizer
    package let text: TokenText
    /// As the model's files have them.
    package let settings: TextGenerationSettings
    private let device: Device

    /// - Parameter dtype: nil checks files, keys and shapes and reads no weight.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(_ folder: ModelFolder, dtype: DType? = .float32, device: Device) throws {
        let files = try CaptionerFiles(folder, .image)
        picture = try ModelFolder.config(FlorencePicture.self, at: "\(folder.path)/preprocessor_config.json")
        (tokenizer, text) = try RobertaTokenizer.withText(folder: folder.path)
        let store = WeightStore(
            try folder.weights(.captioner), dtype: dtype, device: device, networkName: Florence2.networkName)
        network = try Florence2(folder.config(Florence2Configuration.self, of: .captioner), store.root)
        try store.finish(unused: Florence2.unused)
        let vocabulary = network.configuration.text.vocabulary
        settings = try files.settings(model: Florence2Configuration.model, vocabulary)
        for detail in CaptionDetail.allCases {
            try CaptionerFiles.check(
                tokenizer.encode(detail.prompt), model: Florence2Configuration.model, vocabulary: vocabulary,
                of: "\"\(detail.prompt)\"")
        }
        self.device = device
    }

    /// Tells what a picture shows.
    /// - Parameter limit: tokens of the caption.
    package func callAsFunction(
        _ image: Image, _ detail: CaptionDetail, beams: Int?, limit: Int
    ) throws -> ModelCaption {
        var settings = settings
        if let beams { settings.beams = beams }
        settings.maximumLength = min(limit + 1, network.decoder.sizes.positions)
        let memory = try network.encode(picture(image).to(device: device), prompt: tokenizer.encode(detail.prompt))
        var source = try DecoderSource(network.decoder, memory)
        let said = try TextGeneration(settings)(&source, prompt: [settings.start])
        return ModelCaption(
            text: text(said.tokens), score: said.score,
            isCut: 1 + said.tokens.count == settings.maximumLength)
    }
}
