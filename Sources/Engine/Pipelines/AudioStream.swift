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
    private let unconditional: Tensor
    private let scale: Double
    private let clips: Int
    private let generators: [Generator]

    /// - Parameters:
    ///   - unconditional: embedding of the negative prompts, `[B, width]`.
    ///   - scale: of classifier-free guidance; 1 and below leaves the unconditional half out.
    ///   - clips: how many clips the binder hears.
    ///   - generators: one for each sample, for the noise of a scheduler that draws it.
    package init(
        models: AudioModels, binder: ImageBindModel, binderInput: BinderAudioInput, scheduler: any LatentScheduler,
        unconditional: Tensor, scale: Double, clips: Int, generators: [Generator] = []
    ) {
        self.models = models
        self.binder = binder
        self.binderInput = binderInput
        self.scheduler = scheduler
        self.unconditional = unconditional
        self.scale = scale
        self.clips = clips
        self.generators = generators
    }

    package func predictOutput(_ z: Tensor, step: Int, prompt y: Tensor) throws -> Tensor {
        let timestep = scheduler.timesteps[step]
        guard scale > 1 else { return try noise(z, timestep, y) }
        let unguided: Tensor
        let guided: Tensor
        if y.requiresGrad {
            unguided = try Autograd.disabled { () throws(TorchError) in try noise(z, timestep, unconditional) }
            guided = try noise(z, timestep, y)
        } else {
            let both = try noise(Tensor.cat([z, z], 0), timestep, Tensor.cat([unconditional, y], 0)).chunks(2, 0)
            (unguided, guided) = (both[0], both[1])
        }
        return try unguided.adding(guided - unguided, scaledBy: scale)
    }

    /// The network works in its own precision; latents stay in single precision between steps.
    private func noise(_ z: Tensor, _ timestep: Double, _ y: Tensor) throws(TorchError) -> Tensor {
        try models.unet(z.to(models.dtype), timestep: timestep, classLabels: y.to(models.dtype)).to(z.dtype)
    }

    package func embedding(ofClean z: Tensor, observer: (any AlignerObserver)?) throws -> Tensor {
        let wave = try decode(z, observer: observer)
        let input = try observer.timed("audio.fbank") { try binderInput(wave.unsqueeze(1), clips: clips) }
        observer?.record("bind_in", input)
        return try observer.timed("audio.imagebind") { try binder.audio(input.to(models.dtype)) }
    }

    package func freshNoise(like z: Tensor) throws -> Tensor {
        guard generators.count == z.size(0) else {
            throw TorchError.refused(
                operation: "the noise of a step", message: "\(generators.count) generators for \(z.size(0)) samples")
        }
        return try Tensor.cat(
            generators.map { generator throws(TorchError) in try generator.normal([1] + z.shape[1...]) }, 0
        ).to(z.dtype, device: z.device)
    }

    /// A clean latent to a waveform `[B, samples]`.
    package func decode(_ z: Tensor, observer: (any AlignerObserver)? = nil) throws -> Tensor {
        // (B, 1, frames, bins)
        let mel = try observer.timed("audio.vae_decode") { try models.vae.decode(z.to(models.dtype)) }
        observer?.record("mel", mel)
        let wave = try observer.timed("audio.vocoder") { try models.vocoder(mel.squeeze(1)) }
        observer?.record("wave", wave)
        return wave
    }
}
