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
        _ input: PartInput, _ recording: WorkRecorder.Scope?, _ observer: (any SamplerObserver)?
    ) throws {
        let (conditional, unconditional) = try observer.timed("audio.text") {
            let own = try models.embed(input.prompts, limit: models.promptLimit)
            // diffusers cuts negative prompts to the width of the embedding: 512 tokens by coincidence of the numbers.
            let limit = min(own.size(1), models.promptLimit)
            let prompts = try input.list.prompts?.mixed(input.words, own: own) ?? own
            return (try input.spread(prompts), try input.spread(models.embed(input.negative, limit: limit)))
        }
        let generators = try input.generators(.audio)
        prompts = conditional
        noise = [
            try generators.rows.noise(models.latentShape(duration: settings.audioDuration)).uploaded(to: models.device)
        ]
        space = try AudioLatentSpace(
            models, binder: binder, clipSettings: settings.clips, clips: settings.clipCount,
            hearing: settings.guidance.hearing, samples: settings.audioSamples, memory: settings.memory)
        let scheduler = try audio.sampler.scheduler(models.schedule, settings.sampling)
        stream = DiffusionStream(
            denoiser: try AudioDenoiser(
                models, unconditional: unconditional, scale: audio.sampler.cfgScale, timesteps: scheduler.timesteps,
                memory: settings.memory, recording: recording),
            scheduler: scheduler, spaces: [space], generators: generators.rows,
            travelGenerators: generators.travel)
        samples = settings.audioSamples
    }

    func finish(
        _ latents: [Tensor], into results: inout [GenerationResult.Draft], rowsAtOnce: Int,
        _ observer: (any SamplerObserver)?
    ) throws -> [Modality: Tensor] {
        var embeddings: [Tensor] = []
        for start in stride(from: 0, to: results.count, by: rowsAtOnce) {
            let count = min(rowsAtOnce, results.count - start)
            let part = try latents[0].narrow(0, from: start, count: count)
            let decoded = try observer.timed("audio.finish") { try space.decode(part).to(.float32) }
            let waves = try decoded.narrow(1, from: 0, count: min(samples, decoded.size(1)))
            embeddings.append(
                try observer.timed("score") { try space.embed(decoded: waves, observer: nil).to(.float32) })
            let host = try waves.to(device: .cpu)
            for index in 0..<count {
                let wave = try host.narrow(0, from: index, count: 1)
                let (latent, isFinite) = try GenerationResult.Latent.of(part, index)
                let draft = start + index
                results[draft].audio = GenerationResult.Audio(waveform: try wave.floats(), latent: latent)
                results[draft].isFinite = try results[draft].isFinite && isFinite && wave.isFinite()
            }
        }
        return [.audio: try Tensor.cat(embeddings, 0)]
    }
}
