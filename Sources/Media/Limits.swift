internal import ClipSampling

/// Bounds on what a file may ask for; checked before anything is allocated.
package enum Limits {
    /// Pixels of one image.
    package static let pixels = Image.maximumPixels
    /// Bytes of all the frames that one call returns: 8 GiB.
    package static let frameBytes = 1 << 33
    /// Samples of one waveform, all channels together: 2^28, 1 GiB, 4.6 hours of mono at 16 kHz.
    package static let samples = 1 << 28
    /// Packets of one video stream: 2^22, 38 hours at 30 frames per second.
    package static let packets = 1 << 22
    /// Channels of audio.
    package static let channels = 64
    /// Samples per second that are believed.
    package static let sampleRates = 1_000...768_000
}
