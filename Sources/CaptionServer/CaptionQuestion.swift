internal import Foundation
internal import JSON
internal import Method

/// What a caption server is asked about one picture or sound.
package struct CaptionQuestion: Sendable {
    /// What it is about.
    package enum Media: Sendable {
        /// A PNG file.
        case png([UInt8])
        /// A WAV file.
        case wav([UInt8])
    }

    package let media: Media
    /// The words beside it.
    package let prompt: String

    package init(_ media: Media, prompt: String) {
        self.media = media
        self.prompt = prompt
    }

    /// The body of `POST …/chat/completions`.
    func body(model: String, part: CaptionServerSettings.AudioPart, tokens: Int) throws -> [UInt8] {
        func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
        var content = Part(type: "")
        switch (media, part) {
        case (.png(let bytes), _):
            content = Part(type: "image_url", imageURL: Part.Address(url: "data:image/png;base64,\(base64(bytes))"))
        case (.wav(let bytes), .inputAudio):
            content = Part(type: "input_audio", inputAudio: Part.Sound(data: base64(bytes), format: "wav"))
        case (.wav(let bytes), .audioURL):
            content = Part(type: "audio_url", audioURL: Part.Address(url: "data:audio/wav;base64,\(base64(bytes))"))
        }
        return try JSONCoding.encode(
            Body(
                model: model, maximumTokens: tokens,
                messages: [Message(content: [content, Part(type: "text", text: prompt)])]))
    }
}

/// Source: OpenAI's "Create chat completion", as vLLM, SGLang and llama.cpp read it.
private struct Body: Encodable {
    let model: String
    let temperature = 0
    let seed = 0
    let maximumTokens: Int
    let messages: [Message]

    private enum CodingKeys: String, CodingKey {
        case model, temperature, seed, messages
        case maximumTokens = "max_tokens"
    }
}

private struct Message: Encodable {
    let role = "user"
    let content: [Part]
}

private struct Part: Encodable {
    struct Address: Encodable { let url: String }

    struct Sound: Encodable {
        let data: String
        let format: String
    }

    let type: String
    var text: String?
    var imageURL: Address?
    var inputAudio: Sound?
    var audioURL: Address?

    private enum CodingKeys: String, CodingKey {
        case type, text
        case imageURL = "image_url"
        case inputAudio = "input_audio"
        case audioURL = "audio_url"
    }
}
