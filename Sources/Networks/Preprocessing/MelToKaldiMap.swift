internal import Torch

/// The map A ≥ 0 from the squares of AudioLDM's 64 mel bins to the powers of ImageBind's 128: Kaldi's power of a frame is
/// guessed as A·m², bin by bin.
///
/// No such map is exact. A bin of AudioLDM adds magnitudes and a bin of Kaldi adds powers, so the ratio of the two is another
/// for a tone than for noise; Kaldi's bins are narrower, and its window is shorter and leaks more. As measured, in natural
/// logarithms: white noise is right within 0.06 below 5 kHz and 0.4 above, tones are too faint by 0.4 below 1 kHz, 0.6 up to
/// 2 kHz, 1.4 up to 4 kHz and 2 above. A is what is right on average, in the measure for powers that does not depend on loudness, Itakura and Saito's
/// d(p | q) = p/q − ln(p/q) − 1, over sounds that both front ends hear, with no recording among them: tones all over the
/// band before white noise at −30 and −60 dB by turns, and white noise alone.
///
/// Source of the iteration: Févotte and Idier, "Algorithms for nonnegative matrix factorization with the β-divergence",
/// 2011, β = 0 without the exponent 1/2, one factor fixed.
enum MelToKaldiMap {
    private static let tones = 512
    private static let iterations = 20
    /// Power of the noise behind a tone, as a share of the tone's.
    private static let noiseLevels = [1e-3, 1e-6]
    /// What white noise alone weighs beside all tones together.
    private static let noiseWeight = 0.3

    /// `[64, 128]`, double precision, on the CPU. A column is zero where Kaldi's bin holds no line of the spectrum. Some
    /// hundredths of a second.
    static func matrix() throws(TorchError) -> Tensor {
        let (heard, wanted) = try sounds()  // (S, 64), (S, 128)
        let weights = try Tensor(
            [Double](repeating: 1 / Double(tones), count: tones) + [noiseWeight], shape: [tones + 1, 1])
        var map = try Tensor.full([AudioLDMFilterbank.bins, ImageBindSpectrogram.bins], 1, dtype: .float64)
        let heardByBin = try heard.transpose(0, 1)
        for _ in 0..<iterations {
            // The bound matters to bins without a line alone: 0/0 would be their next value.
            let share = try weights / heard.matmul(map).clamped(1e-100)  // w / q
            let squared = try share.square() / weights  // w / q²
            map = try map * heardByBin.matmul(squared * wanted) / heardByBin.matmul(share)
        }
        return map
    }

    /// What both front ends make of the sounds, one in a row: squares of AudioLDM's bins, and Kaldi's powers.
    private static func sounds() throws(TorchError) -> (heard: Tensor, wanted: Tensor) {
        let spectra = try phaseMean(AudioLDMFilterbank.windowLength) { (waves) throws(TorchError) in
            try (waves * AudioLDMFilterbank.window()).powerSpectrum(length: AudioLDMFilterbank.windowLength)
        }
        let kaldi = try KaldiFilterbank(bins: ImageBindSpectrogram.bins, device: .cpu)
        let powers = try phaseMean(KaldiFilterbank.frameLength) { (waves) throws(TorchError) in
            try kaldi.powers(waves).squeeze(1)
        }
        let banks = try AudioLDMFilterbank.banks()
        // White noise of a tone's power: all the tones, each with its share. The mean magnitude of a line of noise is
        // √(π/4) of the root of its mean power.
        let noiseHeard = try (spectra.mean([0], keep: true) * (.pi / 4)).sqrt().matmul(banks).square()
        let noiseWanted = try powers.mean([0], keep: true)
        let levels = try Tensor((0..<tones).map { noiseLevels[$0 % noiseLevels.count] }, shape: [tones, 1])
        return (
            try Tensor.cat([spectra.sqrt().matmul(banks).square() + levels * noiseHeard, noiseHeard], 0),
            try Tensor.cat([powers + levels * noiseWanted, noiseWanted], 0)
        )
    }

    /// What `powers` makes of the tones (amplitude 1; in the middles of `tones` equal parts of the band), the mean over
    /// their phase: of powers the mean of cosine and sine.
    private static func phaseMean(
        _ samples: Int, _ powers: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let turns = (0..<tones).map { Double.pi * (Double($0) + 0.5) / Double(tones) }
        let angles =
            try Tensor(turns, shape: [tones, 1]) * Tensor((0..<samples).map(Double.init), shape: [1, samples])
        return try (powers(angles.cos()) + powers(angles.sin())) * 0.5
    }
}
