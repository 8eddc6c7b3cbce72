internal import ClipSampling
internal import Method
internal import Networks
internal import Torch

/// A video or an image: Stable Diffusion, moving with AnimateDiff's motion modules.
struct VideoPart: GeneratedPart {
    let stream: DiffusionStream
    let noise: [Tensor]
    let prompts: Tensor?
    private let space: VideoLatentSpace

    init(
        _ models: StableDiffusionModels, _ binder: ImageBindModel, _ video: VideoSampling,
        _ settings: GenerationSettings, _ texts: PromptTexts, seeds: [UInt64], _ recording: WorkRecorder.Scope?,
        _ observer: (any SamplerObserver)?
    ) throws {
        let (conditional, unconditional) = try observer.timed("video.text") {
            (try models.embed(texts.prompts), try models.embed(texts.negative))
        }
        let generators = try seeds.map(Generator.init(seed:))
        prompts = conditional
        let shape = try models.latentShape(
            frames: video.length == nil ? nil : settings.extent.frames, height: video.height, width: video.width)
        noise = [try generators.noise(shape).uploaded(to: models.device)]
        space = try VideoLatentSpace(
            models, binder: binder, clipFrames: settings.clipFrames, height: video.height, width: video.width,
            memory: settings.memory)
        let scheduler = try video.sampler.scheduler(models.schedule, settings.sampling)
        stream = DiffusionStream(
            denoiser: try VideoDenoiser(
                models, unconditional: unconditional, scale: video.sampler.cfgScale, timesteps: scheduler.timesteps,
                memory: settings.memory, recording: recording),
            scheduler: scheduler, spaces: [space], generators: generators)
    }

    func finish(
        _ latents: [Tensor], into results: inout [GenerationResult.Draft], _ observer: (any SamplerObserver)?
    ) throws {
        for index in results.indices {
            let pixels = try observer.timed("video.finish") {
                try space.decode(latents[0].narrow(0, from: index, count: 1))
            }
            let (latent, isFinite) = try GenerationResult.Latent.of(latents[0], index)
            // As diffusers' image processor rounds: half to even.
            let bytes = try (pixels * 255).rounded().permute([0, 2, 3, 1]).to(.uint8).bytes()
            let (height, width) = (pixels.size(2), pixels.size(3))
            let size = 3 * height * width
            let frames = (0..<pixels.size(0)).map {
                Image(unchecked: Array(bytes[$0 * size..<($0 + 1) * size]), width: width, height: height)
            }
            results[index].video = GenerationResult.Video(frames: frames, latent: latent)
            results[index].isFinite = try results[index].isFinite && isFinite && pixels.isFinite()
        }
    }
}
