package import Method
package import Torch

/// ImageBind's view of the waveform that a log-mel spectrogram of AudioLDM stands for, without the waveform: nearly what
/// ``ImageBindAudioInput`` gives for it. Differentiable, and the gradient does not pass through the vocoder.
///
/// The logarithms are interpolated linearly to the times of Kaldi's frames (nearer to the waveform's features than powers,
/// since sounds rise and fade by factors), and their powers are mapped by ``MelToKaldiMap``. What has no equivalent: the mean
/// of a clip's waveform, which that one takes off. A constant offset is in the spectrogram's lowest bin and stays there.
///
/// How near: `MelInputTests` holds the cosine of the binder's embeddings of the two above 0.94 on the demo's sounds. Features
/// differ the most where the spectrogram's longer window blurs what the waveform's shows.
package struct ImageBindMelInput: Sendable {
    /// Where logarithms are cut, on both sides. Those of a waveform within −1…1 lie between −12 and 4; beyond 40 single
    /// precision has no number for the power.
    private static let limit = 30.0

    /// `[64, 128]`, single precision.
    private let map: Tensor
    private let clipping: ImageBindSpectrogram

    /// - Parameters:
    ///   - settings: how the binder hears.
    ///   - vocoder: the one that the spectrograms are made for. It says of them all that a checkpoint says; that they are
    ///     AudioLDM's otherwise (``AudioLDMFilterbank``: band, window, magnitudes, natural logarithm) is taken for granted.
    ///   - device: where the spectrograms will be.
    /// - Throws: ``ConfigurationError`` where the vocoder is for other spectrograms; `TorchError`.
    package init(_ settings: ClipSettings, vocoder: SpeechT5HifiGan.Configuration, device: Device) throws {
        try Self.check(vocoder)
        clipping = ImageBindSpectrogram(settings: settings)
        map = try MelToKaldiMap.matrix().to(.float32, device: device)
    }

    /// - Parameters:
    ///   - mels: `[B, frames, 64]`, natural logarithms, at least one frame, as the vocoder takes them.
    ///   - samples: how many the finished waveform has, at 16 kHz; the clips follow from it as for a waveform. Past the
    ///     spectrogram's end its last frame goes on.
    ///   - clips: how many clips are looked at.
    /// - Returns: `[B, clips, 1, 128, targetLength]`, single precision, or double where the spectrograms are.
    package func callAsFunction(_ mels: Tensor, samples: Int, clips: Int) throws(TorchError) -> Tensor {
        let mels = try (mels.dtype == .float64 ? mels : mels.to(.float32)).transpose(1, 2)
        var spectrograms: [Tensor] = []
        for span in clipping.spans(samples: samples, clips: clips) {
            let frames = KaldiFilterbank.frames(ofSamples: span.count)
            guard frames > 0 else {
                spectrograms.append(try clipping.silence(like: mels))
                continue
            }
            let logarithms = try interpolated(mels, from: span.lowerBound, frames: frames).clamped(
                -Self.limit, Self.limit)
            let powers = try (logarithms * 2).exp().transpose(1, 2).matmul(map.to(mels.dtype))
            spectrograms.append(try clipping.input(KaldiFilterbank.features(ofPowers: powers)))
        }
        return try Tensor.stack(spectrograms, 1).unsqueeze(2)
    }

    /// `[B, 64, frames]` at the times of Kaldi's frames of a clip that begins at a sample: `[B, 64, frames]`. Both have a
    /// frame every 160 samples, so that each lies as far behind one of the spectrogram's as the first.
    private func interpolated(_ mels: Tensor, from start: Int, frames: Int) throws(TorchError) -> Tensor {
        // Kaldi's window is symmetric: its middle lies between two samples.
        let middle = Double(start) + Double(KaldiFilterbank.frameLength - 1) / 2
        let place = (middle - Double(AudioLDMFilterbank.center)) / Double(AudioLDMFilterbank.hop)
        let first = min(Int(place), mels.size(2) - 1)
        let share = place - place.rounded(.down)
        let missing = max(0, first + frames + 1 - mels.size(2))
        let padded = try mels.paddedWithEdge(before: 0, after: missing)
        return try padded.narrow(2, from: first, count: frames) * (1 - share)
            + padded.narrow(2, from: first + 1, count: frames) * share
    }

    private static func check(_ c: SpeechT5HifiGan.Configuration) throws(ConfigurationError) {
        func refuse(_ field: String, _ found: some Any, _ expected: some Any) throws(ConfigurationError) {
            throw ConfigurationError(
                "SpeechT5HifiGan", field, found: "\(found)",
                expected: "\(expected) (for the binder to hear AudioLDM's spectrograms without the vocoder)")
        }
        if c.modelInDim != AudioLDMFilterbank.bins { try refuse("model_in_dim", c.modelInDim, AudioLDMFilterbank.bins) }
        if c.samplingRate != AudioLDMFilterbank.sampleRate {
            try refuse("sampling_rate", c.samplingRate, AudioLDMFilterbank.sampleRate)
        }
        // Rates that nobody has checked may have a product that is no number here.
        let hop = c.upsampleRates.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? 0 : $0 * $1 }
        if hop != AudioLDMFilterbank.hop {
            try refuse("upsample_rates", c.upsampleRates, "rates whose product is \(AudioLDMFilterbank.hop)")
        }
        if c.normalizeBefore ?? true {
            try refuse("normalize_before", c.normalizeBefore.map { "\($0)" } ?? "missing", false)
        }
    }
}
