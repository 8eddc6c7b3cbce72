internal import Checkpoint
internal import Engine
internal import Method
internal import Networks
internal import Torch

/// Captions by Florence-2 and Whisper, one sample at a time.
struct ModelCaptions: Captioner {
    private let settings: CaptionerSettings
    private let image: FlorenceCaptioner?
    private let audio: WhisperCaptioner?

    /// Loads what the settings name.
    /// - Parameter dtype: nil checks files, keys and shapes and reads no weight.
    /// - Throws: errors of files, configurations and keys.
    init(
        _ settings: CaptionerSettings, cache: HuggingFaceCache = HuggingFaceCache(), dtype: DType? = .float32,
        device: Device
    ) throws {
        self.settings = settings
        func folder(_ medium: CaptionedMedium) throws -> ModelFolder? {
            try settings[medium: medium].map { try ModelFolder(cache.resolve($0)) }
        }
        image = try folder(.image).map { try FlorenceCaptioner($0, dtype: dtype, device: device) }
        audio = try folder(.audio).map { try WhisperCaptioner($0, dtype: dtype, device: device) }
    }

    func caption(_ input: CaptionInput) throws -> SampleCaption? {
        guard let media = input.media else { return nil }
        let said: ModelCaption?
        switch media {
        case .image(let picture):
            said = try image?(picture, settings.detail, beams: settings.beams, limit: settings.maximumTokens)
        case .audio(let samples):
            said = try audio?(
                samples, style: settings.style, beams: settings.beams, limit: settings.maximumTokens)
        }
        guard let said else { return nil }
        guard let text = CaptionText.cleaned(said.text, isCut: said.isCut, words: settings.words) else {
            throw EmptyCaption(key: input.key)
        }
        return SampleCaption(text: text, source: .model, score: Double(said.score))
    }
}
