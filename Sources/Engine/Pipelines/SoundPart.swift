internal import Torch

/// Sound: AudioLDM.
struct SoundPart: GeneratedPart {
    let stream: any LatentStream
    let noise: Tensor
    let prompts: Tensor
    private let audio: AudioStream
    private let samples: Int

    init(
        _ models: AudioModels, _ binder: ImageBindModel, _ sound: GenerationSettings.Sound,
        _ settings: GenerationSettings, prompts texts: [String], negative: [String], seeds: [UInt64],
        _ observer: (any AlignerObserver)?
    ) throws {
        let unconditional: Tensor
        (prompts, unconditional) = try observer.timed("audio.text") {
            let prompts = try models.embed(texts, limit: models.promptLimit)
            // diffusers cuts negative prompts to the width of the embedding: 512 tokens by coincidence of the numbers.
            return (prompts, try models.embed(negative, limit: min(prompts.size(1), models.promptLimit)))
        }
        let generators = try seeds.map(Generator.init(seed:))
        noise = try generators.noise(models.latentShape(seconds: sound.seconds)).to(device: models.device)
        audio = AudioStream(
            models: models, binder: binder,
            binderInput: try BinderAudioInput(settings.clipSettings, device: models.device),
            scheduler: try sound.scheduler.scheduler(models.schedule, steps: settings.steps, eta: settings.eta),
            unconditional: unconditional, scale: sound.scale, clips: sound.clips, memory: settings.memory,
            generators: generators)
        stream = audio
        samples = sound.samples
    }

    func finish(
        _ latents: Tensor, into results: inout [GenerationResult.Draft], _ observer: (any AlignerObserver)?
    ) throws {
        let waves = try observer.timed("audio.finish") { try audio.decode(latents).to(.float32, device: .cpu) }
        for index in results.indices {
            let wave = try waves.narrow(0, from: index, count: 1).narrow(1, from: 0, count: min(samples, waves.size(1)))
            let (latent, isFinite) = try GenerationResult.Latent.of(latents, index)
            results[index].sound = GenerationResult.Sound(waveform: try wave.floats(), latent: latent)
            results[index].isFinite = try results[index].isFinite && isFinite && wave.isFinite()
        }
    }
}
