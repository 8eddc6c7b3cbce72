/// How ImageBind reads what is generated and what steers it.
package struct ClipSettings: Codable, Sendable, Equatable {
    /// Length of one clip in whole seconds, at least 1.
    package var clipDuration: Int
    /// Clips that are spread over a sample; nil: the sample's seconds, rounded up.
    package var clipsPerVideo: Int?
    /// Video frames read in each clip.
    package var framesPerClip: Int
    /// Spectrogram frames that a clip's audio is padded or cut to.
    package var targetLength: Int
    /// Mean that is subtracted from the log-mel spectrogram.
    package var audioMean: Double
    /// Standard deviation that the log-mel spectrogram is divided by.
    package var audioStd: Double

    private enum CodingKeys: String, CodingKey {
        case clipDuration = "clip_duration"
        case clipsPerVideo = "clips_per_video"
        case framesPerClip = "frames_per_clip"
        case targetLength = "target_length"
        case audioMean = "audio_mean"
        case audioStd = "audio_std"
    }

    package init(
        clipDuration: Int, clipsPerVideo: Int?, framesPerClip: Int, targetLength: Int, audioMean: Double,
        audioStd: Double
    ) {
        self.clipDuration = clipDuration
        self.clipsPerVideo = clipsPerVideo
        self.framesPerClip = framesPerClip
        self.targetLength = targetLength
        self.audioMean = audioMean
        self.audioStd = audioStd
    }

    /// What ImageBind was trained with, cut into clips of a second as the released aligner does.
    package static let imageBind = ClipSettings(
        clipDuration: 1, clipsPerVideo: nil, framesPerClip: 2, targetLength: 204, audioMean: -4.268, audioStd: 9.138)

    /// As ImageBind's own loaders cut films and sounds: clips of 2 s.
    package static func imageBindLoaders(clips: Int) -> ClipSettings {
        var settings = imageBind
        (settings.clipDuration, settings.clipsPerVideo) = (2, clips)
        return settings
    }

    /// The number of clips in a sample of `duration` seconds.
    package func clips(in duration: Double) -> Int { clipsPerVideo ?? max(1, Int(duration.rounded(.up))) }
}
