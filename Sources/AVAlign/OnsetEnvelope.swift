/// How much louder a sound gets, bin by bin of its mel spectrogram: one value every 512 samples.
///
/// What each bin of ``MelLevels`` rises from window to window, averaged over the bins. The first value belongs to the time of
/// the fourth, which is how librosa makes up for the length of its window.
///
/// Source: librosa 0.11 `onset.onset_strength` at 22050 Hz.
package struct OnsetEnvelope: Equatable, Sendable {
    /// Samples per second that the sound has to have.
    package static let sampleRate = 22_050
    /// Samples from one value to the next.
    package static let hop = 512
    /// At least 0, in dB; 1 + ⌊samples / 512⌋ of them.
    package let values: [Float]

    /// For tests, and for envelopes made elsewhere.
    package init(values: [Float]) { self.values = values }

    /// - Parameter samples: one channel at ``sampleRate``, all of them finite.
    package init(samples: [Float]) { self.init(MelLevels(samples: samples)) }

    /// Of a sound whose levels are at hand.
    package init(_ mel: MelLevels) {
        let (levels, bins) = (mel.values, MelLevels.bins)
        let lead = 1 + MelLevels.windowLength / (2 * Self.hop)
        var values = [Float](repeating: 0, count: mel.count)
        for index in lead..<max(mel.count, lead) {
            let (before, now) = ((index - lead) * bins, (index - lead + 1) * bins)
            var rise = 0.0
            for bin in 0..<bins { rise += max(levels[now + bin] - levels[before + bin], 0) }
            values[index] = Float(rise / Double(bins))
        }
        self.values = values
    }
}

extension OnsetEnvelope {
    /// The places in ``values`` where sounds begin; none where the envelope is zero throughout.
    ///
    /// Between 0 and 1, a value is an onset if the one before is no larger and it lies 0.07 above the mean of itself and
    /// the four on each side, as far as there are any; the one after an onset is none.
    ///
    /// Source: librosa 0.11 `onset.onset_detect` and `util.peak_pick`.
    package var onsetPlaces: [Int] {
        guard let lowest = values.min(), values.contains(where: { $0 != 0 }), values.allSatisfy(\.isFinite) else {
            return []
        }
        let raised = values.map { $0 - lowest }
        guard let highest = raised.max() else { return [] }
        let scaled = raised.map { $0 / (highest + .leastNormalMagnitude) }
        // Loudness that never changes has no onset, and librosa says so after scaling.
        guard scaled.contains(where: { $0 != 0 }) else { return [] }
        var places: [Int] = []
        var n = 0
        while n < scaled.count {
            let around = scaled[max(n - 4, 0)..<min(n + 5, scaled.count)]
            let mean = Double(around.reduce(0, +)) / Double(around.count)
            if scaled[n] >= scaled[max(n - 1, 0)], Double(scaled[n]) >= mean + 0.07 {
                places.append(n)
                n += 2
            } else {
                n += 1
            }
        }
        return places
    }

    /// When sounds begin, in seconds.
    package var onsets: [Double] { onsetPlaces.map { Double($0 * Self.hop) / Double(Self.sampleRate) } }
}
