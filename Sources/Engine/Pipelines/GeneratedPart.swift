internal import Torch

/// One generated modality of a call: where it begins, how it is denoised, and what it becomes.
protocol GeneratedPart {
    var stream: any LatentStream { get }
    /// `[B, …]` of unit variance.
    var noise: Tensor { get }
    /// Prompt embeddings, `[B, …]`.
    var prompts: Tensor { get }

    /// Decodes the final latents and gives each sample its own.
    func finish(
        _ latents: Tensor, into results: inout [GenerationResult.Draft], _ observer: (any AlignerObserver)?) throws
}

extension GenerationResult {
    /// A result while its parts come in.
    struct Draft {
        private let label: Label?
        private let losses: [Double]
        var sound: Sound?
        var pictures: Pictures?
        var isFinite = true

        init(label: Label?, _ losses: [Double]) {
            self.label = label
            self.losses = losses
        }

        var result: GenerationResult {
            GenerationResult(label: label, sound: sound, pictures: pictures, losses: losses, isFinite: isFinite)
        }
    }
}

extension GenerationResult.Latent {
    /// One sample of a batch of latents, and whether its numbers are finite in half precision.
    static func of(_ latents: Tensor, _ index: Int) throws -> (GenerationResult.Latent, isFinite: Bool) {
        let half = try latents.narrow(0, from: index, count: 1).squeeze(0).to(.float16, device: .cpu)
        return (GenerationResult.Latent(bytes: try half.bytes(), shape: half.shape), try half.isFinite())
    }
}

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
