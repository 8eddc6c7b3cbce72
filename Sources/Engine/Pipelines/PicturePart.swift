internal import Torch

/// Pictures: Stable Diffusion, moving with AnimateDiff's motion modules.
struct PicturePart: GeneratedPart {
    let stream: any LatentStream
    let noise: Tensor
    let prompts: Tensor
    private let vision: VisionStream

    init(
        _ models: PictureModels, _ binder: ImageBindModel, _ pictures: GenerationSettings.Pictures,
        _ settings: GenerationSettings, prompts texts: [String], negative: [String], seeds: [UInt64],
        _ observer: (any AlignerObserver)?
    ) throws {
        let unconditional: Tensor
        (prompts, unconditional) = try observer.timed("vision.text") {
            (try models.embed(texts), try models.embed(negative))
        }
        let generators = try seeds.map(Generator.init(seed:))
        let shape = try models.latentShape(frames: pictures.frames, height: pictures.height, width: pictures.width)
        noise = try generators.noise(shape).to(device: models.device)
        vision = VisionStream(
            models: models, binder: binder,
            scheduler: try pictures.scheduler.scheduler(models.schedule, steps: settings.steps, eta: settings.eta),
            clipFrames: pictures.frames == nil ? nil : pictures.clips, unconditional: unconditional,
            scale: pictures.scale, memory: settings.memory, generators: generators)
        stream = vision
    }

    func finish(
        _ latents: Tensor, into results: inout [GenerationResult.Draft], _ observer: (any AlignerObserver)?
    ) throws {
        for index in results.indices {
            let pixels = try observer.timed("vision.finish") {
                try vision.decode(latents.narrow(0, from: index, count: 1))
            }
            let (latent, isFinite) = try GenerationResult.Latent.of(latents, index)
            // As diffusers' image processor rounds: half to even.
            let bytes = try (pixels * 255).rounded().permute([0, 2, 3, 1]).to(.uint8, device: .cpu).bytes()
            let (height, width) = (pixels.size(2), pixels.size(3))
            let size = 3 * height * width
            let frames = (0..<pixels.size(0)).compactMap {
                Picture(width: width, height: height, pixels: Array(bytes[$0 * size..<($0 + 1) * size]))
            }
            results[index].pictures = GenerationResult.Pictures(frames: frames, latent: latent)
            results[index].isFinite = try results[index].isFinite && isFinite && pixels.isFinite()
        }
    }
}
