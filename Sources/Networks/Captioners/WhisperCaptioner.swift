package import Checkpoint
internal import Method
package import Torch

/// A Whisper that was trained to tell what sounds, with all that it needs for it.
///
/// What it is to write is a prefix of its text, behind the tokens that usually ask for a transcript in English.
///
/// Source: the captioning checkpoints' `WhisperForAudioCaptioning`, which runs transformers' plain `generate` behind the prefix.
package struct WhisperCaptioner: Sendable {
    package let network: Whisper
    package let spectrogram: WhisperSpectrogram
    package let tokenizer: WhisperTokenizer
    /// As the model's files have them.
    package let settings: TextGenerationSettings
    private let device: Device
    private let task: [Int32]

    private static let task = ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]

    /// - Parameter dtype: nil checks files, keys and shapes and reads no weight.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(_ folder: ModelFolder, dtype: DType? = .float32, device: Device) throws {
        let files = try CaptionerFiles(folder, .audio)
        tokenizer = try WhisperTokenizer(folder: folder.path)
        let tokenizer = tokenizer
        task = try Self.task.map { (token) throws(TokenizerError) in try tokenizer.special(token) }
        let store = WeightStore(
            try folder.weights(.captioner), dtype: dtype, device: device, networkName: Whisper.networkName)
        let configuration = try folder.config(WhisperConfiguration.self, of: .captioner)
        network = try Whisper(configuration, store.root)
        try store.finish(unused: Whisper.unused)
        let path = "\(folder.path)/preprocessor_config.json"
        let heard = try ModelFolder.config(WhisperSpectrogram.Settings.self, at: path)
        // The encoder's second convolution halves the frames.
        guard heard.bins == configuration.bins, heard.frames == 2 * configuration.sourcePositions else {
            throw ConfigurationError(
                path, "feature_size, chunk_length", found: "\(heard.bins) bins and \(heard.frames) frames",
                expected:
                    "\(configuration.bins) bins and \(2 * configuration.sourcePositions) frames, as config.json says,")
        }
        spectrogram = try WhisperSpectrogram(heard)
        settings = try files.settings(model: WhisperConfiguration.model, configuration.vocabulary)
        self.device = device
        try check(task, of: Self.task.joined())
    }

    private func check(_ tokens: [Int32], of what: String) throws(ConfigurationError) {
        try CaptionerFiles.check(
            tokens, model: WhisperConfiguration.model, vocabulary: network.decoder.sizes.vocabulary, of: what)
    }

    /// The tokens that a caption of a style is written behind.
    package func prompt(_ style: String) -> [Int32] { task + tokenizer.encode(style) }

    /// Tells what sounds.
    ///
    /// - Parameters:
    ///   - samples: at 16 kHz, −1 … 1; what the model hears of it counts, 30 s of the published ones.
    ///   - style: what the text begins with, such as `clotho > caption: `; it is no part of the caption.
    ///   - limit: tokens of the caption.
    package func callAsFunction(
        _ samples: [Float], style: String, beams: Int?, limit: Int
    ) throws -> ModelCaption {
        var settings = settings
        if let beams { settings.beams = beams }
        let prompt = prompt(style)
        try check(prompt, of: "\"\(style)\"")
        let positions = network.decoder.sizes.positions
        guard prompt.count < positions else {
            throw ConfigurationError(
                WhisperConfiguration.model, "max_target_positions", found: "\(positions)",
                expected: "more than the \(prompt.count) tokens that `style` comes to")
        }
        settings.maximumLength = min(prompt.count + limit, positions)
        var source = try DecoderSource(network.decoder, network.encode(spectrogram(samples).to(device: device)))
        let said = try TextGeneration(settings)(&source, prompt: prompt)
        return ModelCaption(
            text: tokenizer.text(said.tokens), score: said.score,
            isCut: prompt.count + said.tokens.count == settings.maximumLength)
    }
}
