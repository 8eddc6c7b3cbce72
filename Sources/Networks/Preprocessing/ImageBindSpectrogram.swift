internal import ClipSampling
internal import Method
internal import Torch

/// What ImageBind's audio tower is given, however the features were found: which samples each clip holds, how features are
/// brought to length, and how they are normalised.
///
/// Source: ImageBind `data.py`, `load_and_transform_audio_data` and `waveform2melspec`.
struct ImageBindSpectrogram: Sendable {
    static let bins = 128
    static let sampleRate = 16_000

    let settings: ClipSettings

    /// The samples of each clip, of a waveform of `samples` at 16 kHz.
    func spans(samples: Int, clips: Int) -> [Range<Int>] {
        ClipTimes.spans(
            duration: Double(samples) / Double(Self.sampleRate), clipDuration: settings.clipDuration, count: clips
        ).map { $0.samples(rate: Self.sampleRate).clamped(to: 0..<samples) }
    }

    /// Features `[B, 128, frames]` to `[B, 128, targetLength]`: zeros are appended before the normalisation.
    func input(_ features: Tensor) throws(TorchError) -> Tensor {
        let wanted = settings.targetLength
        let missing = wanted - features.size(2)
        return try normalized(
            missing > 0 ? features.padded([(0, missing)]) : features.narrow(2, from: 0, count: wanted))
    }

    /// What a clip becomes that is shorter than one frame: `[B, 128, targetLength]`.
    /// - Parameter batch: `[B, …]`, for the number of rows, type and device.
    func silence(like batch: Tensor) throws(TorchError) -> Tensor {
        try normalized(
            Tensor.zeros(
                [batch.size(0), Self.bins, settings.targetLength], dtype: batch.dtype, device: batch.device))
    }

    private func normalized(_ features: Tensor) throws(TorchError) -> Tensor {
        try (features - settings.audioMean) * (1 / settings.audioStd)
    }
}
