import Glibc
internal import MelScale

/// The mel spectrogram of a sound, in dB: one column every 512 samples.
///
/// Windows of 2048 samples (periodic Hann), centred, with silence around the sound; 128 mel bins of the power, in dB, from 1e-10
/// up and at most 80 below the loudest.
///
/// Source: librosa 0.11 `feature.melspectrogram` and `power_to_db`, as `onset.onset_strength` calls them at 22050 Hz.
package struct MelLevels: Equatable, Sendable {
    package static let bins = 128
    static let windowLength = 2048

    /// Columns: 1 + ⌊samples / 512⌋.
    package let count: Int
    /// `[count][bins]`, the lowest pitch first.
    package let values: [Double]

    /// - Parameter samples: one channel at ``OnsetEnvelope/sampleRate``, all of them finite.
    package init(samples: [Float]) {
        let (n, hop) = (Self.windowLength, OnsetEnvelope.hop)
        let window = (0..<n).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(n)) }
        let transform = RealFourierTransform(length: n)
        let bank = MelBank()
        let count = 1 + samples.count / hop
        var levels = [Double](repeating: 0, count: count * Self.bins)
        var frame = [Double](repeating: 0, count: n)
        var loudest = -Double.infinity
        for index in 0..<count {
            let start = index * hop - n / 2
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
        self.count = count
        values = levels
    }

    /// The mel triangles, without the zeros around them.
    private struct MelBank {
        private let ranges: [Range<Int>]
        private let weights: [[Double]]

        init() {
            let bins = MelLevels.bins
            let lines = MelLevels.windowLength / 2 + 1
            let all = SlaneyMel.triangles(
                bins: bins, sampleRate: OnsetEnvelope.sampleRate, windowLength: MelLevels.windowLength)
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
