/// In whose way samples are shown to ImageBind: cosines of unlike ways are not comparable.
package enum BindVariant: String, Sendable, CaseIterable, Codable {
    /// As guidance shows them: clips of a second, frames squashed to a square.
    case loop
    /// By ImageBind's own loaders, as JavisBench and Sony's evaluation have it: video in five clips of 2 s, each in three crops,
    /// sound in three clips of 2 s.
    case imagebind
    /// MMAudio's IB-score, a hundredfold: of the video a frame every 2 s, pairs of neighbours, three crops; sound as ImageBind's
    /// own loaders have it.
    case avBenchmark = "av-benchmark"

    /// What tables print for a cosine of 1.
    package var scale: Double { self == .avBenchmark ? 100 : 1 }
}

/// Which two of a sample are compared in ImageBind's space.
package enum BindPair: String, Sendable, CaseIterable, Codable {
    /// What is seen and what is heard.
    case audioVideo = "av"
    /// What the caption says and what is seen.
    case captionVideo = "vt"
    /// What the caption says and what is heard.
    case captionAudio = "at"

    package var modalities: [Modality] {
        switch self {
        case .audioVideo: [.video, .audio]
        case .captionVideo: [.caption, .video]
        case .captionAudio: [.caption, .audio]
        }
    }
}

/// What ImageBind is shown of a sample.
package enum BindInput: Sendable, Hashable {
    /// The film; of a picture, in every way, the picture itself.
    case video(VideoView)
    case audio(AudioView)
    case caption

    /// Which frames, and how they are brought to ImageBind's size.
    package enum VideoView: Sendable, Hashable {
        /// Clips of a second, squashed.
        case loop
        /// Five clips of 2 s, their first and last frames, three crops.
        case imagebind
        /// Neighbours of the frames at 1, 3, 5 … s, three crops.
        case avBenchmark(seconds: Double)
    }

    /// Which clips of a sound.
    package enum AudioView: String, Sendable, Hashable {
        /// Clips of a second.
        case loop
        /// Three clips of 2 s.
        case imagebind
    }

    /// - Parameter seconds: what av-benchmark looks at.
    package init(_ modality: Modality, _ variant: BindVariant, seconds: Double) {
        switch (modality, variant) {
        case (.caption, _): self = .caption
        case (.audio, .loop): self = .audio(.loop)
        case (.audio, _): self = .audio(.imagebind)
        case (.video, .loop): self = .video(.loop)
        case (.video, .imagebind): self = .video(.imagebind)
        case (.video, .avBenchmark): self = .video(.avBenchmark(seconds: seconds))
        }
    }
}
