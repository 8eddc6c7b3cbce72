package import Method

/// What a captioner told of a row: the `json` member of the shards of a run of captions.
package struct CaptionRecord: Codable, Sendable, Equatable {
    package static let currentSchema = "seehear.caption/1"

    package let schema: String
    /// The row's key.
    package let id: String
    package let caption: String
    /// What was looked at, or listened to.
    package let medium: CaptionedMedium
    /// What was asked: a picture's prompt, or the style that a sound's caption is written behind.
    package let prompt: String
    /// The server's name for the model that told; nil where it was one of the run's own.
    package let model: String?
    /// The mean logarithm of the probability of a token; nil from a server, which does not tell.
    package let score: Double?
    /// The frame of a video that was looked at, in seconds from the file's first, and who chose it where the job asked for another
    /// choice than ours.
    package let keyFrame: Double?
    package let keyFrameRule: KeyFrameRule?
    /// Of caption and input in the binder's space: the low ones are worth reading.
    package let cosine: Double

    package init(
        id: String, caption: String, medium: CaptionedMedium, prompt: String, model: String? = nil, score: Double?,
        keyFrame: Double?,
        keyFrameRule: KeyFrameRule?, cosine: Double
    ) {
        schema = Self.currentSchema
        self.id = id
        self.caption = caption
        self.medium = medium
        self.prompt = prompt
        self.model = model
        self.score = score
        self.keyFrame = keyFrame
        self.keyFrameRule = keyFrameRule
        self.cosine = cosine
    }

    private enum CodingKeys: String, CodingKey {
        case schema, id, caption, medium, prompt, model, score, cosine
        case keyFrame = "key_frame"
        case keyFrameRule = "key_frame_rule"
    }
}
