package import ClipSampling
package import Method

/// What a network is given of one sample: a network takes what it needs of it.
package struct FeatureSample: Sendable {
    /// The sound, whole, at the rate that its file has.
    package var sound: Waveform?
    /// The frames that are looked at, all of one size.
    package var frames: [Image]
    /// What ImageBind is shown of the film or picture, in each of the ways that are wanted.
    package var seen: [BindInput.VideoView: Seen] = [:]
    /// What it is said to show.
    package var caption: String?

    /// A part of a film, or a picture.
    package enum Seen: Sendable {
        /// Clips of as many frames each, all of one size.
        case clips([[Image]])
        case picture(Image)
    }

    package init(sound: Waveform? = nil, frames: [Image] = []) {
        self.sound = sound
        self.frames = frames
    }
}
