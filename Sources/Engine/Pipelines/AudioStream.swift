package import Torch

/// Sound as a generated modality: AudioLDM's denoiser, decoder and vocoder, and the binder's audio tower.
///
/// Latents are `[B, channels, frames, bins]`; the prompt embedding is `[B, width]`, unit length.
package struct AudioStream: LatentStream {
    package let modality = Modality.audio
    package let scheduler: any LatentScheduler
    private let models: AudioModels
    private let binder: ImageBindModel
    private let binderInput: BinderAudioInput
    private let guidance: ClassifierFreeGuidance
    private let clips: Int
    private let memory: MemoryPolicy
    private let generators: [Generator]

    /// - Parameters:
    ///   - unconditional: embedding of the negative prompts, `[B, width]`.
    ///   - scale: of classifier-free guidance; 1 and below leaves the unconditional half out.
    ///   - clips: how many clips the binder hears.
    ///   - generators: one for each sample, for the noise of steps with η > 0.
    package init(
        models: AudioModels, binder: ImageBindModel, binderInput: BinderAudioInput, scheduler: any LatentScheduler,
        unconditional: Tensor, scale: Double, clips: Int, memory: MemoryPolicy, generators: [Generator] = []
    ) {
        self.models = models
        self.binder = binder
        self.binderInput = binderInput
        self.scheduler = scheduler
        guidance = ClassifierFreeGuidance(unconditional: unconditional, scale: scale, apart: memory == .low)
        self.clips = clips
        self.memory = memory
        self.generators = generators
    }

    package func predictOutput(_ z: Tensor, step: Int, prompt y: Tensor) throws -> Tensor {
        let timestep = scheduler.timesteps[step]
        // The network works in its own precision; latents keep theirs between steps.
        return try guidance(z, prompt: y) { z, y throws(TorchError) in
            try models.unet(
                z.to(models.dtype), timestep: timestep, classLabels: y.to(models.dtype), memory: memory
            ).to(z.dtype)
        }
    }

    package func embedding(ofClean z: Tensor, observer: (any AlignerObserver)?) throws -> Tensor {
        let wave = try decode(z, observer: observer)
        let input = try observer.timed("audio.fbank") { try binderInput(wave.unsqueeze(1), clips: clips) }
        observer?.record("bind_in", input)
        return try observer.timed("audio.imagebind") { try binder.audio(input.to(models.dtype), memory: memory) }
    }

    package func freshNoise(like z: Tensor) throws -> Tensor { try generators.noise(like: z) }

    /// A clean latent to a waveform `[B, samples]`.
    package func decode(_ z: Tensor, observer: (any AlignerObserver)? = nil) throws -> Tensor {
        // (B, 1, frames, bins)
        let mel = try observer.timed("audio.vae_decode") { try models.vae.decode(z.to(models.dtype), memory: memory) }
        observer?.record("mel", mel)
        let wave = try observer.timed("audio.vocoder") { try models.vocoder(mel.squeeze(1), memory: memory) }
        observer?.record("wave", wave)
        return wave
    }
}
