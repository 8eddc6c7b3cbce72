package import Method
package import Torch

/// ImageBind's view of a waveform: clips, each centred, as normalised log-mel spectrograms. Differentiable.
///
/// Source: ImageBind `data.py`, `load_and_transform_audio_data` and `waveform2melspec`; the released aligner's
/// differentiable copy of them.
package struct ImageBindAudioInput: Sendable {
    private let filterbank: KaldiFilterbank
    private let clipping: ImageBindSpectrogram

    package init(_ settings: ClipSettings, device: Device) throws(TorchError) {
        clipping = ImageBindSpectrogram(settings: settings)
        filterbank = try KaldiFilterbank(bins: ImageBindSpectrogram.bins, device: device)
    }

    /// - Parameters:
    ///   - waves: `[B, C, samples]` at 16 kHz, −1…1. The features are channel 0's; the mean is over all channels.
    ///   - clips: how many clips are looked at.
    /// - Returns: `[B, clips, 1, 128, targetLength]`, single precision, or double where the waves are.
    package func callAsFunction(_ waves: Tensor, clips: Int) throws(TorchError) -> Tensor {
        var waves = waves.dtype == .float64 ? waves : try waves.to(.float32)
        let count = waves.size(2)
        let spans = clipping.spans(samples: count, clips: clips)
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
            let heard = try centred.narrow(1, from: 0, count: 1).squeeze(1)
            let isLongEnough = KaldiFilterbank.frames(ofSamples: span.count) > 0
            spectrograms.append(try isLongEnough ? clipping.input(filterbank(heard)) : clipping.silence(like: heard))
        }
        return try Tensor.stack(spectrograms, 1).unsqueeze(2)
    }
}
