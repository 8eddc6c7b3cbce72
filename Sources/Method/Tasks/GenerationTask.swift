/// What is generated from what.
package enum GenerationTask: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
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
    /// A video and its sound together from nothing but a seed.
    case mm

    /// The manifest columns that may name the task's input file, the usual one first; empty where the task needs none.
    package var inputKinds: [InputKind] {
        switch self {
        case .v2a: [.video]
        case .i2a: [.image, .video]
        case .a2v, .a2i: [.audio]
        case .joint, .mm: []
        }
    }

    /// Whether the task makes audio.
    package var makesAudio: Bool { self != .a2v && self != .a2i }

    /// Whether the task makes a video.
    package var makesVideo: Bool { self == .a2v || self == .joint || isCoupled }

    /// Whether the task makes one image.
    package var makesImage: Bool { self == .a2i }

    /// Whether the task makes frames: those of a video, or the one of an image.
    package var makesFrames: Bool { makesVideo || makesImage }

    /// The modalities whose latents are denoised.
    package var generated: [Modality] { (makesAudio ? [.audio] : []) + (makesFrames ? [.video] : []) }

    /// The models that a sample of this task is made with.
    package var models: [ModelFamily] {
        if isCoupled { return [.mmDiffusion, .imageBind] }
        return (makesAudio ? [.audioLDM] : []) + (makesFrames ? [.stableDiffusion] : [])
            + (makesVideo ? [.animateDiff] : []) + [.imageBind]
    }

    /// Models that have a part in a sample of this task where a job names them.
    package var optionalModels: [ModelFamily] { isCoupled ? [.upscaler] : [] }

    /// Whether one model makes all that the task makes, without a prompt.
    package var isCoupled: Bool { self == .mm }

    /// The members that a sample of this task may have in its shard.
    package var members: [Member] {
        switch self {
        case .v2a: [.json, .flac, .wav, .mp4, .audioLatent]
        case .i2a: [.json, .flac, .wav, .audioLatent]
        case .a2v: [.json, .mp4, .videoLatent]
        case .a2i: [.json, .jpg, .png, .videoLatent]
        case .joint, .mm: [.json, .flac, .wav, .mp4, .audioLatent, .videoLatent]
        }
    }

    /// All tasks, as an error message lists them.
    package static let names = allCases.map(\.rawValue).joined(separator: ", ")
}

/// The kind of file that steers a sample; also the manifest column that names it.
package enum InputKind: String, Codable, Sendable, CaseIterable {
    case video, image, audio
}
