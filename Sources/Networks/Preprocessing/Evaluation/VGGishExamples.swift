internal import Torch

/// VGGish's view of a sound at 16 kHz: patches of 96 frames of 64 log-mel magnitudes.
///
/// Source: AudioSet `vggish_input.py` and `mel_features.py`. In double precision as there; features are rounded to single.
struct VGGishExamples: Sendable {
    static let rate = 16_000
    private static let frame = (length: 400, hop: 160)
    private static let transformLength = 512

    /// Samples of one patch.
    static let leastSamples = frame.length + (VGGish.patch.frames - 1) * frame.hop

    private let window: Tensor
    private let banks: Tensor

    init() throws(TorchError) {
        window = try Tensor(HannWindow.periodic(Self.frame.length), shape: [1, Self.frame.length])
        banks = try Tensor(
            MelTriangles.weights(
                bins: VGGish.patch.bins, length: Self.transformLength, rate: Self.rate, low: 125, high: 7500),
            shape: [Self.transformLength / 2 + 1, VGGish.patch.bins])
    }

    /// - Parameter wave: at least ``leastSamples``.
    /// - Returns: `[patches, 1, 96, 64]`; what is left over at the end is not looked at.
    func callAsFunction(_ wave: [Float]) throws(TorchError) -> Tensor {
        let (frames, bins) = VGGish.patch
        let patches = ((wave.count - Self.frame.length) / Self.frame.hop + 1) / frames
        let used = Self.frame.length + (patches * frames - 1) * Self.frame.hop
        let windows = try Tensor(wave.prefix(used).map(Double.init), shape: [used])
            .unfold(0, size: Self.frame.length, step: Self.frame.hop)
        let magnitudes = try (windows * window).powerSpectrum(length: Self.transformLength).sqrt()
        return try (magnitudes.matmul(banks) + 0.01).log().to(.float32).reshape([patches, 1, frames, bins])
    }
}
