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

    /// The same, where there is something to hear.
    /// - Throws: ``FeatureInputError``.
    func checked() throws(FeatureInputError) -> Waveform {
        guard let first = channels.first, !first.isEmpty, channels.allSatisfy({ $0.count == first.count })
        else { throw .noSamples }
        guard SincResampler.rates.contains(rate) else { throw .rate(found: rate) }
        for (channel, samples) in channels.enumerated() {
            if let place = samples.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(channel: channel, sample: place, found: samples[place])
            }
        }
        return self
    }
}
