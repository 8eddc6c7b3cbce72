internal import MelScale
import Glibc

/// How much louder a sound gets, bin by bin of its mel spectrogram: one value every 512 samples.
///
/// Windows of 2048 samples (periodic Hann), centred, with silence around the sound; 128 mel bins of the power, in dB, from 1e-10
/// up and at most 80 below the loudest; what each bin rises from window to window, averaged over the bins. The first value
/// belongs to the time of the fourth, which is how librosa makes up for the length of its window.
///
/// Source: librosa 0.11 `onset.onset_strength` at 22050 Hz.
package struct OnsetEnvelope: Equatable, Sendable {
    /// Samples per second that the sound has to have.
    package static let sampleRate = 22_050
    /// Samples from one value to the next.
    package static let hop = 512
    private static let windowLength = 2048
    private static let bins = 128

    /// At least 0, in dB; 1 + ⌊samples / 512⌋ of them.
    package let values: [Float]

    /// For tests, and for envelopes made elsewhere.
    package init(values: [Float]) { self.values = values }

    /// - Parameter samples: one channel at ``sampleRate``, all of them finite.
    package init(samples: [Float]) {
        let n = Self.windowLength
        let window = (0..<n).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(n)) }
        let transform = RealFourierTransform(length: n)
        let bank = MelBank()
        let count = 1 + samples.count / Self.hop
        var levels = [Double](repeating: 0, count: count * Self.bins)
        var frame = [Double](repeating: 0, count: n)
        var loudest = -Double.infinity
        for index in 0..<count {
            let start = index * Self.hop - n / 2
            for i in 0..<n {
                let at = start + i
                frame[i] = at >= 0 && at < samples.count ? Double(samples[at]) * window[i] : 0
            }
            let power = transform.power(frame)
            for bin in 0..<Self.bins {
                let level = 10 * log10(max(bank.sum(power, bin), 1e-10))
                levels[index * Self.bins + bin] = level
                loudest = max(loudest, level)
            }
        }
        for i in levels.indices { levels[i] = max(levels[i], loudest - 80) }
        let lead = 1 + n / (2 * Self.hop)
        var values = [Float](repeating: 0, count: count)
        for index in lead..<max(count, lead) {
            let (before, now) = ((index - lead) * Self.bins, (index - lead + 1) * Self.bins)
            var rise = 0.0
            for bin in 0..<Self.bins { rise += max(levels[now + bin] - levels[before + bin], 0) }
            values[index] = Float(rise / Double(Self.bins))
        }
        self.values = values
    }

    /// The mel triangles, without the zeros around them.
    private struct MelBank {
        private let ranges: [Range<Int>]
        private let weights: [[Double]]

        init() {
            let bins = OnsetEnvelope.bins
            let lines = OnsetEnvelope.windowLength / 2 + 1
            let all = SlaneyMel.triangles(
                bins: bins, sampleRate: OnsetEnvelope.sampleRate, windowLength: OnsetEnvelope.windowLength)
            let columns = (0..<bins).map { bin in (0..<lines).map { all[$0 * bins + bin] } }
            ranges = columns.map { column in
                let first = column.firstIndex { $0 > 0 } ?? 0
                return first..<(column.lastIndex { $0 > 0 } ?? first - 1) + 1
            }
            weights = zip(columns, ranges).map { Array($0[$1]) }
        }

        func sum(_ power: [Double], _ bin: Int) -> Double {
            let start = ranges[bin].lowerBound
            var sum = 0.0
            for (i, weight) in weights[bin].enumerated() { sum += weight * power[start + i] }
            return sum
        }
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
