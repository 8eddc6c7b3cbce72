internal import Torch

/// PaSST's view of a sound at 32 kHz: 10 s of 128 log-mel powers.
///
/// Source: hear21passt `models/preprocess.py`, `AugmentMelSTFT` as it is when nothing is trained.
struct PaSSTSpectrogram: Sendable {
    static let rate = 32_000
    /// Longer sounds are cut, and shorter ones followed by zeros.
    static let samples = 10 * rate
    private static let frame = (length: 800, hop: 320)
    private static let transformLength = 1024
    private static let preEmphasis = 0.97

    private let spectrum: CentredSpectrum
    private let banks: Tensor

    init() throws(TorchError) {
        spectrum = try CentredSpectrum(
            length: Self.transformLength, hop: Self.frame.hop, window: HannWindow.symmetric(Self.frame.length))
        banks = try Tensor(
            MelTriangles.weights(
                bins: PaSST.input.bins, length: Self.transformLength, rate: Self.rate, low: 0, high: 15_000),
            shape: [Self.transformLength / 2 + 1, PaSST.input.bins])
    }

    /// - Returns: `[1, 128, 1000]`, single precision.
    func callAsFunction(_ wave: [Float]) throws(TorchError) -> Tensor {
        var samples = wave.prefix(Self.samples).map(Double.init)
        samples += [Double](repeating: 0, count: Self.samples - samples.count)
        let differences = zip(samples.dropFirst(), samples).map { $0 - Self.preEmphasis * $1 }
        let mel = try spectrum(differences).matmul(banks)
        return try (((mel + 1e-5).log() + 4.5) * (1 / 5.0)).to(.float32).transpose(0, 1).unsqueeze(0)
    }
}
