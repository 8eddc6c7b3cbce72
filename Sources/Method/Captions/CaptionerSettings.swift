/// How models tell what is seen or heard, where a row has no caption.
package struct CaptionerSettings: Codable, Sendable, Equatable {
    /// Florence-2: a folder or a repo id; nil: pictures are not captioned.
    package var image: String?
    /// How much is told of a picture.
    package var detail: CaptionDetail
    /// A Whisper that captions: a folder or a repo id; nil: sounds are not captioned.
    package var audio: String?
    /// What the caption of a sound is written behind: the style of the data that the model learned from; empty for models that take
    /// none.
    package var style: String
    /// Texts that are gone on with at a time; nil: as the model's files say.
    package var beams: Int?
    /// The most tokens of a caption.
    package var maximumTokens: Int
    /// The most words of a caption; 0: any number.
    package var words: Int
    /// Who captions what has no model of its own, in `seehear-worker caption` alone.
    package var server: CaptionServerSettings?

    package init(
        image: String? = nil, detail: CaptionDetail = .brief, audio: String? = nil,
        style: String = Self.audioCaps, beams: Int? = nil, maximumTokens: Int = 64, words: Int = 0,
        server: CaptionServerSettings? = nil
    ) {
        self.image = image
        self.detail = detail
        self.audio = audio
        self.style = style
        self.beams = beams
        self.maximumTokens = maximumTokens
        self.words = words
        self.server = server
    }

    private enum CodingKeys: String, CodingKey {
        case image, detail, audio, style, beams, words, server
        case maximumTokens = "max_tokens"
    }

    /// The style nearest to what AudioLDM learned from.
    package static let audioCaps = "audiocaps > caption: "

    /// The model of a medium.
    package subscript(medium medium: CaptionedMedium) -> String? {
        get {
            switch medium {
            case .image: image
            case .audio: audio
            }
        }
        set {
            switch medium {
            case .image: image = newValue
            case .audio: audio = newValue
            }
        }
    }

    /// The server that captions a medium; nil where a model does, or nobody.
    package func server(for medium: CaptionedMedium) -> CaptionServerSettings? {
        self[medium: medium] == nil ? server : nil
    }

    /// What is asked about a medium: a picture's prompt, or the style that a sound's caption is written behind.
    package func prompt(_ medium: CaptionedMedium) -> String {
        if let server = server(for: medium) { return server.prompt(medium) }
        return switch medium {
        case .image: detail.prompt
        case .audio: style
        }
    }
}

/// What a caption is made of.
package enum CaptionedMedium: String, Codable, Sendable, CaseIterable {
    case image, audio

    /// What a job file has to name, as the end of a sentence.
    package var reference: String {
        switch self {
        case .image: "Florence-2, a folder or a repo id"
        case .audio: "a Whisper that captions sound, a folder or a repo id"
        }
    }
}

extension GenerationTask {
    /// What the caption of a row is made of that has none; nil where nothing but a caption is given.
    package var captionedMedium: CaptionedMedium? {
        if inputKinds.isEmpty { return nil }
        return inputKinds.contains(.audio) ? .audio : .image
    }
}

/// Which frame of a video stands for it.
package enum KeyFrameRule: String, Codable, Sendable, CaseIterable {
    /// A sharp, well lit one inside of a passage.
    case seehear
    /// Katna's, with which the paper's pictures were taken; where that finds none, as `seehear`.
    case katna
}
