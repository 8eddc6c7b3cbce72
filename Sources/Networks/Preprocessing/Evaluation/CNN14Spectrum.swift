internal import Torch

/// CNN14's view of a sound at 16 kHz: its spectrum, whose mel bins the network's file defines.
///
/// Source: audioset_tagging_cnn `pytorch/models.py`, `Cnn14_16k`; torchlibrosa `stft.py`. The transform that the file holds as
/// convolutions is this one within 1.3e-4 dB.
struct CNN14Spectrum: Sendable {
    static let rate = 16_000
    private static let hop = 160

    private let spectrum: CentredSpectrum

    init() throws(TorchError) {
        let length = CNN14.transformLength
        spectrum = try CentredSpectrum(length: length, hop: Self.hop, window: HannWindow.periodic(length))
    }

    /// - Returns: powers `[frames, 257]` in double precision.
    func callAsFunction(_ wave: [Float]) throws(TorchError) -> Tensor { try spectrum(wave.map(Double.init)) }
}
