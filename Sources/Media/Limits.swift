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
    /// Streams of one file.
    static let streams = 100
    /// Packets that are read, and kept, to find out what the streams are.
    static let firstPackets = 1 << 16
    /// Channels of audio.
    package static let channels = 64
    /// Samples per second that are believed.
    package static let sampleRates = 1_000...768_000

    /// Pixels of one image that a file of so many bytes may ask for. Up to 4096×2048 any file may; beyond it each byte is
    /// believed to stand for 4096 at most: photographs and films have below 100, an empty page in PNG has 1000, a fax 3000.
    static func pixels(inBytes bytes: Int64) -> Int {
        bytes >= pixels / 4096 ? pixels : max(1 << 23, Int(bytes) * 4096)
    }
}
