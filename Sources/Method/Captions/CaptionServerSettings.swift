/// A server with the OpenAI-compatible route for chats, which vLLM, SGLang and llama.cpp have.
package struct CaptionServerSettings: Codable, Sendable, Equatable {
    /// Such as `http://node7:8000/v1`.
    package var url: String
    /// The server's name for it; nil: the only one that it has.
    package var model: String?
    /// What is asked about a picture, and about a sound.
    package var imagePrompt: String
    package var audioPrompt: String
    /// Requests of one rank under way at a time.
    package var parallel: Int
    /// Seconds that an answer may take.
    package var timeout: Double
    /// How a sound is sent.
    package var audioPart: AudioPart

    /// The parts of a message that hold a sound; which one a server takes differs.
    package enum AudioPart: String, Codable, Sendable, CaseIterable {
        case inputAudio = "input_audio"
        case audioURL = "audio_url"
    }

    package init(
        url: String, model: String? = nil, imagePrompt: String = Self.imagePrompt,
        audioPrompt: String = Self.audioPrompt, parallel: Int = 16, timeout: Double = 120,
        audioPart: AudioPart = .inputAudio
    ) {
        self.url = url
        self.model = model
        self.imagePrompt = imagePrompt
        self.audioPrompt = audioPrompt
        self.parallel = parallel
        self.timeout = timeout
        self.audioPart = audioPart
    }

    package static let parallelRange = 1...1024
    /// Seconds: a question may be asked several times, and a batch that gets no further for half an hour counts as stuck.
    package static let timeoutRange = 1.0...1200.0

    /// Without what leaves the captions as they are.
    package var withoutPlaces: CaptionServerSettings {
        CaptionServerSettings(
            url: "", model: model, imagePrompt: imagePrompt, audioPrompt: audioPrompt, audioPart: audioPart)
    }

    /// What is asked about a medium.
    package func prompt(_ medium: CaptionedMedium) -> String {
        switch medium {
        case .image: imagePrompt
        case .audio: audioPrompt
        }
    }

    private enum CodingKeys: String, CodingKey {
        case url, model, parallel, timeout
        case imagePrompt = "image_prompt"
        case audioPrompt = "audio_prompt"
        case audioPart = "audio_part"
    }

    /// The paper's, for Qwen-VL.
    package static let imagePrompt = "describe this image in detail, in less than 35 words"
    package static let audioPrompt = "describe this sound in one sentence, in less than 20 words"
}
