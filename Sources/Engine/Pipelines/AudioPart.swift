internal import Method
internal import Networks
internal import Torch

/// Audio: AudioLDM.
struct AudioPart: GeneratedPart {
    let stream: DiffusionStream
    let noise: [Tensor]
    let prompts: Tensor?
    private let space: AudioLatentSpace
    private let samples: Int

    init(
        _ models: AudioLDMModels, _ binder: ImageBindModel, _ audio: AudioSampling, _ settings: GenerationSettings,
        _ texts: PromptTexts, seeds: [UInt64], _ recording: WorkRecorder.Scope?, _ observer: (any SamplerObserver)?
    ) throws {
        let (conditional, unconditional) = try observer.timed("audio.text") {
            let prompts = try models.embed(texts.prompts, limit: models.promptLimit)
            // diffusers cuts negative prompts to the width of the embedding: 512 tokens by coincidence of the numbers.
            let limit = min(prompts.size(1), models.promptLimit)
            return (prompts, try models.embed(texts.negative, limit: limit))
        }
        let generators = try seeds.map(Generator.init(seed:))
        prompts = conditional
        noise = [
            try generators.noise(models.latentShape(duration: settings.audioDuration)).uploaded(to: models.device)
        ]
        space = try AudioLatentSpace(
            models, binder: binder, clipSettings: settings.clips, clips: settings.clipCount, memory: settings.memory)
        let scheduler = try audio.sampler.scheduler(models.schedule, settings.sampling)
        stream = DiffusionStream(
            denoiser: try AudioDenoiser(
                models, unconditional: unconditional, scale: audio.sampler.cfgScale, timesteps: scheduler.timesteps,
                memory: settings.memory, recording: recording),
            scheduler: scheduler, spaces: [space], generators: generators)
        samples = settings.audioSamples
    }

    func finish(
        _ latents: [Tensor], into results: inout [GenerationResult.Draft], _ observer: (any SamplerObserver)?
    ) throws {
        let waves = try observer.timed("audio.finish") { try space.decode(latents[0]).to(.float32, device: .cpu) }
        for index in results.indices {
            let wave = try waves.narrow(0, from: index, count: 1).narrow(1, from: 0, count: min(samples, waves.size(1)))
            let (latent, isFinite) = try GenerationResult.Latent.of(latents[0], index)
            results[index].audio = GenerationResult.Audio(waveform: try wave.floats(), latent: latent)
            results[index].isFinite = try results[index].isFinite && isFinite && wave.isFinite()
        }
    }
}
