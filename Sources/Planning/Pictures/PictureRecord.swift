package import Method

/// What was redrawn: the `json` member of the shards of a run of pictures.
package struct PictureRecord: Codable, Sendable, Equatable {
    /// The row's key.
    package let id: String
    package let width: Int
    package let height: Int
    /// The frame of a video that was taken, in seconds from the file's first, and who chose it where another choice than ours was
    /// asked for.
    package let keyFrame: Double?
    package let keyFrameRule: KeyFrameRule?

    package init(id: String, width: Int, height: Int, keyFrame: Double?, keyFrameRule: KeyFrameRule?) {
        self.id = id
        self.width = width
        self.height = height
        self.keyFrame = keyFrame
        self.keyFrameRule = keyFrameRule
    }

    private enum CodingKeys: String, CodingKey {
        case id, width, height
        case keyFrame = "key_frame"
        case keyFrameRule = "key_frame_rule"
    }
}
