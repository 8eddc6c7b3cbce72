package import ClipSampling

/// What a network is given of one sample: a network takes what it needs of it.
package struct FeatureSample: Sendable {
    /// The sound, whole, at the rate that its file has.
    package var sound: Waveform?
    /// The frames that are looked at, all of one size.
    package var frames: [Image]

    package init(sound: Waveform? = nil, frames: [Image] = []) {
        self.sound = sound
        self.frames = frames
    }
}
