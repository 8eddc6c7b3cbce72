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
        _ settings: GenerationSettings, _ input: PartInput, _ recording: WorkRecorder.Scope?,
        _ observer: (any SamplerObserver)?
    ) throws {
        // A sequence of tokens cannot be mixed with another: the likeliest caption is the prompt.
        let texts = zip(input.prompts, input.words).map { own, words in
            words?.likeliest.flatMap { input.list.captioner?.labels[$0] } ?? own
        }
        let (conditional, unconditional) = try observer.timed("video.text") {
            (try input.spread(models.embed(texts)), try input.spread(models.embed(input.negative)))
        }
        let generators = try input.generators(.video)
        prompts = conditional
        let shape = try models.latentShape(
            frames: video.length == nil ? nil : settings.extent.frames, height: video.height, width: video.width)
        noise = [try generators.rows.noise(shape).uploaded(to: models.device)]
        space = try VideoLatentSpace(
            models, binder: binder, clipFrames: settings.clipFrames, frames: video.length == nil ? 1 : shape[1],
            height: video.height, width: video.width, memory: settings.memory)
        let scheduler = try video.sampler.scheduler(models.schedule, settings.sampling)
        stream = DiffusionStream(
            denoiser: try VideoDenoiser(
                models, unconditional: unconditional, scale: video.sampler.cfgScale, timesteps: scheduler.timesteps,
                memory: settings.memory, recording: recording),
            scheduler: scheduler, spaces: [space], generators: generators.rows,
            travelGenerators: generators.travel)
    }

    func finish(
        _ latents: [Tensor], into results: inout [GenerationResult.Draft], rowsAtOnce: Int,
        _ observer: (any SamplerObserver)?
    ) throws -> [Modality: Tensor] {
        var embeddings: [Tensor] = []
        for index in results.indices {
            let pixels = try observer.timed("video.finish") {
                try space.decode(latents[0].narrow(0, from: index, count: 1))
            }
            embeddings.append(
                try observer.timed("score") { try space.embed(decoded: pixels, observer: nil).to(.float32) })
            let (latent, isFinite) = try GenerationResult.Latent.of(latents[0], index)
            // As diffusers' image processor rounds: half to even.
            let frames = try Image.frames((pixels * 255).rounded().to(.uint8))
            results[index].video = GenerationResult.Video(frames: frames, latent: latent)
            results[index].isFinite = try results[index].isFinite && isFinite && pixels.isFinite()
        }
        return [.video: try Tensor.cat(embeddings, 0)]
    }
}

extension Image {
    /// - Parameter bytes: `[F, 3, H, W]`.
    static func frames(_ bytes: Tensor) throws -> [Image] {
        let (count, height, width) = (bytes.size(0), bytes.size(2), bytes.size(3))
        let values = try bytes.permute([0, 2, 3, 1]).bytes()
        let size = 3 * height * width
        return (0..<count).map {
            Image(unchecked: Array(values[$0 * size..<($0 + 1) * size]), width: width, height: height)
        }
    }
}
