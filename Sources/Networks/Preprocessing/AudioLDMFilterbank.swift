internal import Foundation
internal import MelScale
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
        try Tensor(HannWindow.periodic(windowLength), shape: [1, windowLength])
    }

    /// The triangles, `[513, 64]`, double precision.
    static func banks() throws(TorchError) -> Tensor {
        try Tensor(
            SlaneyMel.triangles(bins: bins, sampleRate: sampleRate, windowLength: windowLength),
            shape: [windowLength / 2 + 1, bins])
    }
}
