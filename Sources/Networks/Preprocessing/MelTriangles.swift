internal import Foundation

/// Triangles over the lines of a spectrum, of height 1, on the mel scale `1127 · ln(1 + f/700)`.
///
/// Source: Kaldi `feat/mel-computations.cc`, whose triangles are linear in mel, as are those of AudioSet's `mel_features.py`.
enum MelTriangles {
    /// The scale.
    static func mel(_ frequency: Double) -> Double { 1127 * Foundation.log(1 + frequency / 700) }

    /// `[lines, bins]`, row by row, in the arithmetic of its caller.
    ///
    /// - Parameters:
    ///   - position: where a line lies on the mel scale.
    ///   - edge: where bin `b` begins; it ends where `b + 2` begins, and its top is where `b + 1` does.
    static func weights<Real: BinaryFloatingPoint>(
        lines: Range<Int>, of count: Int, bins: Int, position: (Int) -> Real, edge: (Int) -> Real
    ) -> [Real] {
        var weights = [Real](repeating: 0, count: count * bins)
        let edges = (0..<bins + 2).map(edge)
        for line in lines {
            let place = position(line)
            for bin in 0..<bins {
                let (left, center, right) = (edges[bin], edges[bin + 1], edges[bin + 2])
                let (up, down) = ((place - left) / (center - left), (right - place) / (right - center))
                weights[line * bins + bin] = max(0, min(up, down))
            }
        }
        return weights
    }

    /// `[length / 2 + 1, bins]`, row by row, in double precision, for a transform of `length` samples.
    static func weights(bins: Int, length: Int, rate: Int, low: Double, high: Double) -> [Double] {
        let (first, last) = (mel(low), mel(high))
        let lines = length / 2 + 1
        return weights(
            // The first line is the mean, which no bin hears; the last is no triangle's either, since it is at its edge at most.
            lines: 1..<lines, of: lines, bins: bins,
            position: { mel(Double(rate) / Double(length) * Double($0)) },
            edge: { first + Double($0) * (last - first) / Double(bins + 1) })
    }
}
