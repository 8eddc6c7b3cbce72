/// A sound as it was decoded.
package struct Waveform: Sendable, Equatable {
    /// Samples per second.
    package let rate: Int
    /// [channel][sample], nominally −1…1, all of one length.
    package let channels: [[Float]]

    package init(rate: Int, channels: [[Float]]) {
        self.rate = rate
        self.channels = channels
    }
}
