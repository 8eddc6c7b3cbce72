package import Torch

/// Pictures as a generated modality: Stable Diffusion's denoiser, with AnimateDiff's motion modules for moving ones, its
/// decoder, and the binder's vision tower.
///
/// Latents are `[B, 4, F, h, w]`, of stills `[B, 4, h, w]`; the prompt embedding is `[B, tokens, width]`.
package struct VisionStream: LatentStream {
    package let modality = Modality.vision
    package let scheduler: any LatentScheduler
    private let models: PictureModels
    private let binder: ImageBindModel
    private let guidance: ClassifierFreeGuidance
    private let view: View
    private let memory: MemoryPolicy
    private let generators: [Generator]

    /// What the loss reads of a video.
    private struct View {
        /// Frames that are decoded for the loss, ascending. The decoder works frame by frame, so that those it leaves out
        /// change nothing.
        let frames: [Int]
        /// The places in ``frames`` of every clip's frames, clip after clip.
        let places: [Int]
        let clips: Int
    }

    /// - Parameters:
    ///   - clipFrames: the frames of each clip that the binder sees; nil for stills.
    ///   - unconditional: embedding of the negative prompts, `[B, tokens, width]`.
    ///   - scale: of classifier-free guidance; 1 and below leaves the unconditional half out.
    ///   - generators: one for each sample, for the noise of steps with η > 0.
    package init(
        models: PictureModels, binder: ImageBindModel, scheduler: any LatentScheduler, clipFrames: [[Int]]?,
        unconditional: Tensor, scale: Double, memory: MemoryPolicy, generators: [Generator] = []
    ) {
        self.models = models
        self.binder = binder
        self.scheduler = scheduler
        guidance = ClassifierFreeGuidance(unconditional: unconditional, scale: scale, apart: memory == .low)
        let seen = (clipFrames ?? []).flatMap { $0 }
        let frames = Set(seen).sorted()
        view = View(
            frames: frames, places: seen.compactMap { frames.firstIndex(of: $0) }, clips: clipFrames?.count ?? 0)
        self.memory = memory
        self.generators = generators
    }

    package func predictOutput(_ z: Tensor, step: Int, prompt y: Tensor) throws -> Tensor {
        let timestep = scheduler.timesteps[step]
        return try guidance(z, prompt: y) { z, y throws(TorchError) in
            let output = try models.unet(
                frames(z).to(models.dtype), timestep: timestep, context: y.to(models.dtype),
                motion: z.rank == 5 ? models.motion : nil, frames: z.rank == 5 ? z.size(2) : 1, memory: memory)
            guard z.rank == 5 else { return try output.to(z.dtype) }
            let shape = [z.size(0), z.size(2)] + output.shape[1...]
            return try output.to(z.dtype).reshape(shape).transpose(1, 2)
        }
    }

    package func embedding(ofClean z: Tensor, observer: (any AlignerObserver)?) throws -> Tensor {
        let isVideo = z.rank == 5
        let seen = isVideo ? try z.select(2, view.frames) : z
        let pixels = try observer.timed("vision.vae_decode") { try decode(seen) }
        observer?.record("pixels", pixels)
        let input = try observer.timed("vision.transform") {
            let frames = try BinderVisionInput.transform(pixels)
            guard isVideo else { return frames }
            // (B, clips, 3, frames of a clip, 224, 224)
            let side = Array(frames.shape[1...])
            let placed = try frames.reshape([z.size(0), view.frames.count] + side).select(1, view.places)
            return try placed.reshape([z.size(0), view.clips, view.places.count / view.clips] + side).transpose(2, 3)
        }
        observer?.record("bind_in", input)
        return try observer.timed("vision.imagebind") { try binder.vision(input.to(models.dtype), memory: memory) }
    }

    package func freshNoise(like z: Tensor) throws -> Tensor { try generators.noise(like: z) }

    /// A clean latent to pictures `[B·F, 3, H, W]`, 0…1, in the type of the latent; frames of a sample stand together.
    package func decode(_ z: Tensor) throws(TorchError) -> Tensor {
        let pixels = try models.vae.decode(frames(z).to(models.dtype), memory: memory)
        return try (pixels.to(z.dtype) * 0.5 + 0.5).clamped(0, 1)
    }

    /// `[B, 4, F, h, w]` to `[B·F, 4, h, w]`; stills stay as they are.
    private func frames(_ z: Tensor) throws(TorchError) -> Tensor {
        guard z.rank == 5 else { return z }
        return try z.transpose(1, 2).reshape([z.size(0) * z.size(2), z.size(1), z.size(3), z.size(4)])
    }
}
