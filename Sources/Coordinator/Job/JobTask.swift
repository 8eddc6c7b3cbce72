/// What is generated from what.
package enum JobTask: String, Codable, Sendable, CaseIterable {
    /// Video to audio.
    case v2a
    /// Image to audio.
    case i2a
    /// Audio to video.
    case a2v
    /// Audio to image.
    case a2i
    /// Text to video and audio together.
    case joint

    /// Whether this version can run the task. The others are read and planned for, so that a job file need not change.
    package var isAvailable: Bool { self == .v2a || self == .i2a }

    /// The manifest column that names the task's input file; nil where the task needs no input.
    package var inputKind: InputKind? {
        switch self {
        case .v2a: .video
        case .i2a: .image
        case .a2v, .a2i: .audio
        case .joint: nil
        }
    }

    /// Whether the task makes sound.
    package var makesAudio: Bool { self == .v2a || self == .i2a || self == .joint }

    /// Whether the task makes moving pictures or one picture.
    package var makesPictures: Bool { self == .a2v || self == .a2i || self == .joint }

    /// The members a sample of this task may have in its shard.
    package var members: [String] {
        switch self {
        case .v2a: ["json", "flac", "wav", "mp4", "audio_latent"]
        case .i2a: ["json", "flac", "wav", "audio_latent"]
        case .a2v: ["json", "mp4", "video_latent"]
        case .a2i: ["json", "jpg", "png", "video_latent"]
        case .joint: ["json", "flac", "wav", "mp4", "audio_latent", "video_latent"]
        }
    }

    /// The members a job writes where it names none.
    package var defaultMembers: [String] {
        switch self {
        case .v2a: ["audio_latent", "flac", "json", "mp4"]
        case .i2a: ["audio_latent", "flac", "json"]
        case .a2v: ["json", "mp4", "video_latent"]
        case .a2i: ["json", "png", "video_latent"]
        case .joint: ["audio_latent", "flac", "json", "mp4", "video_latent"]
        }
    }

    /// The tasks of this version, as an error message lists them.
    package static var availableNames: String {
        allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: " or ")
    }
}

/// The kind of file that steers a sample; also the manifest column that names it.
package enum InputKind: String, Codable, Sendable, CaseIterable {
    case video, image, audio
}
