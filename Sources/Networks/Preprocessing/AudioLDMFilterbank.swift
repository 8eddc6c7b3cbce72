internal import Foundation
internal import Torch

/// The mel bins of AudioLDM's spectrograms: what its autoencoder decodes and its vocoder turns into a waveform.
///
/// Frame m is centred at sample 160·m + 80 of the waveform: it was padded by (1024 − 160)/2 samples on both sides, mirrored, and
/// cut into windows of 1024 (periodic Hann) every 160. A bin is the sum of the window's *magnitudes* over a triangle of
/// area 1, and what is stored of it is the natural logarithm, at least ln 1e-5.
///
/// Source: AudioLDM `audioldm_train/utilities/data/dataset.py`, `mel_spectrogram_train`, and librosa's `filters.mel`
/// (`htk=False`, `norm="slaney"`), whose defaults it takes.
enum AudioLDMFilterbank {
    static let bins = 64
    static let sampleRate = 16_000
    static let hop = 160
    static let windowLength = 1024
    /// The sample that frame 0 is centred at.
    static let center = 80

    /// `[1, 1024]`, double precision.
    static func window() throws(TorchError) -> Tensor {
        let n = windowLength
        let hann = (0..<n).map { 0.5 - 0.5 * Foundation.cos(2 * .pi * Double($0) / Double(n)) }
        return try Tensor(hann, shape: [1, n])
    }

    /// The triangles, `[513, 64]`, double precision.
    static func banks() throws(TorchError) -> Tensor {
        let lines = windowLength / 2 + 1
        let top = mel(Double(sampleRate) / 2)
        let edges = (0..<(bins + 2)).map { frequency(top * Double($0) / Double(bins + 1)) }
        var banks = [Double](repeating: 0, count: lines * bins)
        for line in 0..<lines {
            let at = Double(line * sampleRate) / Double(windowLength)
            for bin in 0..<bins {
                let (left, center, right) = (edges[bin], edges[bin + 1], edges[bin + 2])
                let height = min((at - left) / (center - left), (right - at) / (right - center))
                banks[line * bins + bin] = max(0, height) * 2 / (right - left)
            }
        }
        return try Tensor(banks, shape: [lines, bins])
    }

    /// Slaney's mel scale: linear below 1 kHz, logarithmic above.
    private static func mel(_ frequency: Double) -> Double {
        frequency < 1000 ? frequency * 3 / 200 : 15 + 27 * Foundation.log(frequency / 1000) / Foundation.log(6.4)
    }

    private static func frequency(_ mel: Double) -> Double {
        mel < 15 ? mel * 200 / 3 : 1000 * Foundation.exp((mel - 15) * Foundation.log(6.4) / 27)
    }
}
