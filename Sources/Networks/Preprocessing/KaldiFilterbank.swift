internal import Foundation
internal import Torch

/// Log-mel features of a waveform as Kaldi computes them, differentiable.
///
/// Source: torchaudio `compliance/kaldi.py`, `fbank` with `htk_compat`, no energy, no dither, symmetric Hann window,
/// frames of 25 ms every 10 ms, pre-emphasis 0.97, and its `get_mel_banks`.
struct KaldiFilterbank: Sendable {
    static let frameLength = 400
    static let frameShift = 160
    private static let transformLength = 512
    /// Single precision's epsilon: the floor under the logarithm.
    private static let floor = 1.1920928955078125e-07

    private let window: Tensor
    private let banks: Tensor

    /// - Parameters:
    ///   - bins: mel bins between 20 Hz and half the sampling rate. Several low ones hold no line of the spectrum: their
    ///     feature is constant and their gradient zero.
    ///   - sampleRate: 16 000 Hz.
    init(bins: Int, sampleRate: Double = 16_000, device: Device) throws(TorchError) {
        let n = Self.frameLength
        let hann = HannWindow.symmetric(n).map { Float($0) }
        window = try Tensor(hann, shape: [1, 1, n]).to(device: device)
        banks = try Tensor(
            Self.melBanks(bins: bins, sampleRate: sampleRate), shape: [Self.transformLength / 2 + 1, bins]
        ).to(device: device)
    }

    /// - Parameter waves: `[N, samples]`, single or double precision, −1…1, at least one frame long.
    /// - Returns: `[N, bins, frames]`, of the same precision.
    func callAsFunction(_ waves: Tensor) throws(TorchError) -> Tensor { try Self.features(ofPowers: powers(waves)) }

    /// What each mel bin holds, before floor and logarithm: `[N, samples]` to `[N, frames, bins]`.
    func powers(_ waves: Tensor) throws(TorchError) -> Tensor {
        var frames = try waves.unfold(1, size: Self.frameLength, step: Self.frameShift)  // (N, frames, 400)
        frames = try frames - frames.mean([2], keep: true)
        let previous = try frames.paddedWithEdge(before: 1, after: 0).narrow(2, from: 0, count: Self.frameLength)
        frames = try frames.adding(previous, scaledBy: -0.97) * window.to(waves.dtype)
        let power = try frames.powerSpectrum(length: Self.transformLength)  // (N, frames, 257)
        return try power.matmul(banks.to(waves.dtype))
    }

    /// The features that powers `[N, frames, bins]` become: `[N, bins, frames]`.
    static func features(ofPowers powers: Tensor) throws(TorchError) -> Tensor {
        try powers.clamped(floor).log().transpose(1, 2)
    }

    /// How many frames a waveform of that many samples has: those that lie within it as a whole.
    static func frames(ofSamples samples: Int) -> Int {
        samples < frameLength ? 0 : 1 + (samples - frameLength) / frameShift
    }

    /// Triangles on the mel scale `1127 · ln(1 + f/700)`, `[257, bins]` row-major, the Nyquist line left out (zero).
    private static func melBanks(bins: Int, sampleRate: Double) -> [Float] {
        let lines = transformLength / 2
        let (low, high) = (MelTriangles.mel(20), MelTriangles.mel(sampleRate / 2))
        let step = (high - low) / Double(bins + 1)
        return MelTriangles.weights(
            lines: 0..<lines, of: lines + 1, bins: bins,
            // The rounding of the reference, which works in single precision from here on.
            position: { 1127 * Foundation.logf(1 + Float(sampleRate) / Float(transformLength) * Float($0) / 700) },
            edge: { Float(low) + Float($0) * Float(step) })
    }
}
