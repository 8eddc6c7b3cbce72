package import Method
package import Networks
package import Torch

/// AudioLDM's latents as audio: its decoder and vocoder, and the binder's audio tower.
package struct AudioLatentSpace: LatentSpace {
    package let modality = Modality.audio
    private let models: AudioLDMModels
    private let hearing: BinderHearing
    /// How it hears what is predicted; nil: as the vocoder's waveform.
    private let melInput: ImageBindMelInput?
    private let samples: Int
    private let clips: Int
    private let memory: MemoryPolicy

    /// - Parameters:
    ///   - clips: how many clips the binder hears.
    ///   - hearing: of what is predicted on the way.
    ///   - samples: of the finished waveform, which the spectrogram stands for.
    /// - Throws: ``ConfigurationError`` for a vocoder whose spectrograms cannot be heard straight.
    package init(
        _ models: AudioLDMModels, binder: ImageBindModel, clipSettings: ClipSettings, clips: Int,
        hearing: Hearing = .vocoder, samples: Int = 0, memory: MemoryPolicy
    ) throws {
        melInput =
            hearing == .spectrogram
            ? try ImageBindMelInput(clipSettings, vocoder: models.vocoder.configuration, device: models.device) : nil
        self.samples = samples
        self.models = models
        self.hearing = try BinderHearing(
            binder, clipSettings, clips: clips, dtype: models.dtype, device: models.device, memory: memory)
        self.clips = clips
        self.memory = memory
    }

    package var gradientScale: Double { models.dtype.gradientScale }

    /// - Returns: waveforms `[B, samples]` at 16 kHz.
    package func decode(_ clean: Tensor, observer: (any SamplerObserver)? = nil) throws -> Tensor {
        let mel = try decodeMel(clean, observer)
        let wave = try observer.timed("audio.vocoder") { try models.vocoder(mel.squeeze(1), memory: memory) }
        observer?.record("wave", wave)
        return wave
    }

    /// `[B, 1, frames, bins]`.
    private func decodeMel(_ clean: Tensor, _ observer: (any SamplerObserver)?) throws -> Tensor {
        let mel = try observer.timed("audio.vae_decode") {
            try models.vae.decode(clean.to(models.dtype), memory: memory)
        }
        observer?.record("mel", mel)
        return mel
    }

    package func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        guard let melInput else { return try embed(decoded: decode(clean, observer: observer), observer: observer) }
        let mel = try decodeMel(clean, observer).squeeze(1)
        // Spectrograms keep single precision, as filterbanks of waveforms do.
        let precise = mel.dtype == .float64 ? mel : try mel.to(.float32)
        let input = try observer.timed("audio.fbank") { try melInput(precise, samples: samples, clips: clips) }
        return try hearing.embed(features: input, observer)
    }

    package func embed(decoded wave: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        try hearing.embed(wave, observer)
    }
}
