import Glibc

/// Slaney's mel scale, linear below 1 kHz and logarithmic above, and triangles on it: librosa's `filters.mel` as it is by
/// default (`htk=False`, `norm="slaney"`).
package enum SlaneyMel {
    /// How much each line of a spectrum counts in each bin, `[line][bin]`, one after the other: triangles of area 1 (in Hz)
    /// from 0 to half of the rate, their edges spaced evenly in mels.
    /// - Parameters:
    ///   - bins: at least 1.
    ///   - windowLength: of the transform, in samples; it has `windowLength / 2 + 1` lines.
    package static func triangles(bins: Int, sampleRate: Int, windowLength: Int) -> [Double] {
        let lines = windowLength / 2 + 1
        let top = mel(Double(sampleRate) / 2)
        let edges = (0..<(bins + 2)).map { frequency(top * Double($0) / Double(bins + 1)) }
        var triangles = [Double](repeating: 0, count: lines * bins)
        for line in 0..<lines {
            let at = Double(line * sampleRate) / Double(windowLength)
            for bin in 0..<bins {
                let (left, center, right) = (edges[bin], edges[bin + 1], edges[bin + 2])
                let height = min((at - left) / (center - left), (right - at) / (right - center))
                triangles[line * bins + bin] = max(0, height) * 2 / (right - left)
            }
        }
        return triangles
    }

    private static func mel(_ frequency: Double) -> Double {
        frequency < 1000 ? frequency * 3 / 200 : 15 + 27 * log(frequency / 1000) / log(6.4)
    }

    private static func frequency(_ mel: Double) -> Double {
        mel < 15 ? mel * 200 / 3 : 1000 * exp((mel - 15) * log(6.4) / 27)
    }
}
