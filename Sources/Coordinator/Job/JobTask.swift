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

    /// The manifest columns that may name the task's input file, the usual one first; empty where the task needs none.
    package var inputKinds: [InputKind] {
        switch self {
        case .v2a: [.video]
        case .i2a: [.image, .video]
        case .a2v, .a2i: [.audio]
        case .joint: []
        }
    }

    /// What the task makes.
    package var product: Job.Product {
        switch self {
        case .v2a, .i2a: .sound
        case .a2v: .video
        case .a2i: .image
        case .joint: .videoWithSound
        }
    }

    /// Whether the task makes sound.
    package var makesAudio: Bool { product.hasAudio }

    /// Whether the task makes moving pictures or one picture.
    package var makesPictures: Bool { product.hasPictures }

    /// Whether the task makes moving pictures.
    package var makesVideo: Bool { product.isVideo }

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

    /// All tasks, as an error message lists them.
    package static let names = allCases.map(\.rawValue).joined(separator: ", ")

    /// Every member that some task makes, sorted.
    package static let allMembers = Set(allCases.flatMap(\.members)).sorted()
}

extension JobTask: CodingKeyRepresentable {}

/// The kind of file that steers a sample; also the manifest column that names it.
package enum InputKind: String, Codable, Sendable, CaseIterable {
    case video, image, audio
}
