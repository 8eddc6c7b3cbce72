package import ClipSampling

/// How long a generated sample is.
package struct SampleExtent: Sendable, Equatable {
    /// Seconds, of a video its frames over their rate; 0 for an image.
    package var duration: Double
    /// Frames that are made, 1 for an image; nil where only audio is made.
    package var frames: Int?

    package init(duration: Double, frames: Int?) {
        self.duration = duration
        self.frames = frames
    }
}

extension SamplingSettings {
    /// The frames of a generated video, from which its length, the length of its audio and the clips that the binder sees
    /// and hears all follow; nil for settings that make no video.
    package func timeline(of extent: SampleExtent) -> Timeline? {
        guard let length = video?.length ?? coupled?.length, let frames = extent.frames else { return nil }
        return Timeline(frames: frames, rate: length.rate)
    }
}
