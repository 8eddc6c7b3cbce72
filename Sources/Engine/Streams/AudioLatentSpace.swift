package import Method
package import Networks
package import Torch

/// AudioLDM's latents as audio: its decoder and vocoder, and the binder's audio tower.
package struct AudioLatentSpace: LatentSpace {
    package let modality = Modality.audio
    private let models: AudioLDMModels
    private let binder: ImageBindModel
    private let binderInput: ImageBindAudioInput
    private let clips: Int
    private let memory: MemoryPolicy

    /// - Parameter clips: how many clips the binder hears.
    package init(
        _ models: AudioLDMModels, binder: ImageBindModel, clipSettings: ClipSettings, clips: Int, memory: MemoryPolicy
    ) throws(TorchError) {
        self.models = models
        self.binder = binder
        binderInput = try ImageBindAudioInput(clipSettings, device: models.device)
        self.clips = clips
        self.memory = memory
    }

    package var gradientScale: Double { models.dtype.gradientScale }

    /// - Returns: waveforms `[B, samples]` at 16 kHz.
    package func decode(_ clean: Tensor, observer: (any SamplerObserver)? = nil) throws -> Tensor {
        // (B, 1, frames, bins)
        let mel = try observer.timed("audio.vae_decode") {
            try models.vae.decode(clean.to(models.dtype), memory: memory)
        }
        observer?.record("mel", mel)
        let wave = try observer.timed("audio.vocoder") { try models.vocoder(mel.squeeze(1), memory: memory) }
        observer?.record("wave", wave)
        return wave
    }

    package func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        try embed(decoded: decode(clean, observer: observer), observer: observer)
    }

    package func embed(decoded wave: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        let input = try observer.timed("audio.fbank") { try binderInput(wave.unsqueeze(1), clips: clips) }
        observer?.record("bind_in", input)
        return try observer.timed("audio.imagebind") { try binder.audio(input.to(models.dtype), memory: memory) }
    }
}
