internal import ClipSampling
package import Method
package import Torch

/// ImageBind's view of a waveform: clips, each centred, as normalised log-mel spectrograms. Differentiable.
///
/// Source: ImageBind `data.py`, `load_and_transform_audio_data` and `waveform2melspec`; the released aligner's
/// differentiable copy of them.
package struct ImageBindAudioInput: Sendable {
    private static let bins = 128

    private let filterbank: KaldiFilterbank
    private let settings: ClipSettings
    private let sampleRate = 16_000

    package init(_ settings: ClipSettings, device: Device) throws(TorchError) {
        self.settings = settings
        filterbank = try KaldiFilterbank(bins: Self.bins, device: device)
    }

    /// - Parameters:
    ///   - waves: `[B, C, samples]` at 16 kHz, −1…1. The features are channel 0's; the mean is over all channels.
    ///   - clips: how many clips are looked at.
    /// - Returns: `[B, clips, 1, 128, targetLength]`, single precision, or double where the waves are.
    package func callAsFunction(_ waves: Tensor, clips: Int) throws(TorchError) -> Tensor {
        var waves = waves.dtype == .float64 ? waves : try waves.to(.float32)
        let count = waves.size(2)
        let spans = ClipTimes.spans(
            duration: Double(count) / Double(sampleRate), clipDuration: settings.clipDuration, count: clips
        ).map { $0.samples(rate: sampleRate).clamped(to: 0..<count) }
        var spectrograms: [Tensor] = []
        for (index, span) in spans.enumerated() {
            let clip = try waves.narrow(2, from: span.lowerBound, count: span.count)
            let centred = try clip - clip.mean([1, 2], keep: true)
            // The reference centres in place, so clips that overlap an earlier one see what it left there.
            if spans[(index + 1)...].contains(where: { $0.overlaps(span) }) {
                waves = try Tensor.cat(
                    [
                        waves.narrow(2, from: 0, count: span.lowerBound), centred,
                        waves.narrow(2, from: span.upperBound, count: count - span.upperBound),
                    ], 2)
            }
            spectrograms.append(try spectrogram(centred.narrow(1, from: 0, count: 1).squeeze(1)))
        }
        return try Tensor.stack(spectrograms, 1).unsqueeze(2)
    }

    /// `[B, samples]` to `[B, 128, targetLength]`: silence is appended before the normalisation.
    private func spectrogram(_ clip: Tensor) throws(TorchError) -> Tensor {
        let wanted = settings.targetLength
        let frame = KaldiFilterbank.frameLength
        guard clip.size(1) >= frame else {
            let silence = try Tensor.zeros([clip.size(0), Self.bins, wanted], dtype: clip.dtype, device: clip.device)
            return try (silence - settings.audioMean) * (1 / settings.audioStd)
        }
        var features = try filterbank(clip)
        let missing = wanted - features.size(2)
        features = missing > 0 ? try features.padded([(0, missing)]) : try features.narrow(2, from: 0, count: wanted)
        return try (features - settings.audioMean) * (1 / settings.audioStd)
    }
}
