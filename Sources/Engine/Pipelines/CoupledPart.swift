internal import ClipSampling
internal import Method
internal import Networks
internal import Torch

/// A video and its sound: MM-Diffusion.
struct CoupledPart: GeneratedPart {
    let stream: DiffusionStream
    let noise: [Tensor]
    let prompts: Tensor? = nil
    private let pixels: PixelSpace
    private let waves: WaveSpace
    private let upscaler: FrameUpscaler?
    private let binder: BinderModel
    /// Of the samples.
    private let seeds: [UInt64]

    init(
        _ models: CoupledModels, _ binder: BinderModel, _ coupled: CoupledSampling, _ settings: GenerationSettings,
        _ input: PartInput
    ) throws {
        self.binder = binder
        let (model, device) = (models.settings, models.device)
        seeds = input.requests.map { $0.seed(of: .video) }
        // The video's first, then the sound's from the same generator: the network was trained on noises that have nothing to do
        // with each other.
        let generators = try input.generators(.video)
        let drawn = try generators.rows.map { generator in
            (
                try generator.normal([1, model.frames, 3, model.side, model.side]),
                try generator.normal([1, 1, model.samples])
            )
        }
        noise = [
            try Tensor.cat(drawn.map(\.0), 0).uploaded(to: device),
            try Tensor.cat(drawn.map(\.1), 0).uploaded(to: device),
        ]
        pixels = try PixelSpace(
            binder.network, clipFrames: settings.clipFrames ?? [], frames: model.frames, side: model.side,
            dtype: models.dtype, device: device, memory: settings.memory)
        waves = try WaveSpace(
            binder.network, clipSettings: settings.clips, clips: settings.clipCount, dtype: models.dtype,
            device: device, memory: settings.memory)
        let scheduler = try coupled.scheduler(steps: settings.sampling.steps, eta: settings.sampling.eta)
        stream = DiffusionStream(
            denoiser: try CoupledDenoiser(models, seeds: input.rowSeeds(.video), timesteps: scheduler.timesteps),
            scheduler: scheduler,
            spaces: [pixels, waves], generators: generators.rows, travelGenerators: generators.travel)
        upscaler = try models.upscaler.map {
            try FrameUpscaler(
                $0, steps: coupled.upscaleSteps, side: CoupledSampling.enlargement * model.side, dtype: models.dtype,
                device: device, memory: settings.memory)
        }
    }

    func finish(
        _ latents: [Tensor], into results: inout [GenerationResult.Draft], rowsAtOnce: Int,
        _ observer: (any SamplerObserver)?
    ) throws -> [Modality: Tensor] {
        var embeddings: (video: [Tensor], audio: [Tensor]) = ([], [])
        var made: [(frames: Tensor, wave: Tensor)] = []
        for index in results.indices {
            let video = try latents[0].narrow(0, from: index, count: 1)
            let audio = try latents[1].narrow(0, from: index, count: 1)
            let (frames, wave) = try observer.timed("video.finish") {
                (try pixels.decode(video), try waves.decode(audio))
            }
            // Of what was sampled, not of what is enlarged from it: the loss was of that.
            try observer.timed("score") {
                embeddings.video.append(try pixels.embed(decoded: frames, observer: nil).to(.float32))
                embeddings.audio.append(try waves.embed(decoded: wave, observer: nil).to(.float32))
            }
            made.append((frames, wave))
        }
        // Enlarging takes long, and needs none of the binder.
        if upscaler != nil { binder.releasePages() }
        for (index, (frames, wave)) in made.enumerated() {
            let row = results[index].row
            let seed = Beginning.seed(seeds[row.sample], particle: row.particle)
            let larger = try upscaler.map { upscaler in
                try observer.timed("video.upscale") {
                    let video = try latents[0].narrow(0, from: index, count: 1).squeeze(0)
                    return try pixels.decode(upscaler(video, seed: seed).unsqueeze(0))
                }
            }
            let shown = larger ?? frames
            let (videoLatent, isVideoFinite) = try GenerationResult.Latent.of(latents[0], index)
            let (audioLatent, isAudioFinite) = try GenerationResult.Latent.of(latents[1], index)
            results[index].video = GenerationResult.Video(frames: try Self.images(shown), latent: videoLatent)
            results[index].audio = GenerationResult.Audio(
                waveform: try wave.to(.float32, device: .cpu).floats(), latent: audioLatent)
            results[index].isFinite =
                try results[index].isFinite && isVideoFinite && isAudioFinite
                && shown.isFinite() && wave.isFinite()
        }
        return [
            .video: try Tensor.cat(embeddings.video, 0), .audio: try Tensor.cat(embeddings.audio, 0),
        ]
    }

    /// Cut to bytes, not rounded, as the official script does.
    /// - Parameter pixels: `[F, 3, H, W]`, 0…1.
    private static func images(_ pixels: Tensor) throws -> [Image] {
        try Image.frames((pixels * 255).to(.uint8))
    }
}
