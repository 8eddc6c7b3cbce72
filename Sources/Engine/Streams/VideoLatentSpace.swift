package import Method
package import Networks
package import Torch

/// Stable Diffusion's latents as frames: its decoder, and the binder's vision tower.
package struct VideoLatentSpace: LatentSpace {
    package let modality = Modality.video
    private let models: StableDiffusionModels
    private let look: BinderLook
    private let memory: MemoryPolicy

    /// - Parameters:
    ///   - clipFrames: the frames of each clip that the binder sees; nil for images.
    ///   - frames: of the whole video; 1 for images.
    ///   - height: of the frames, in pixels; likewise the width.
    package init(
        _ models: StableDiffusionModels, binder: ImageBindModel, clipFrames: [[Int]]?, frames: Int, height: Int,
        width: Int,
        memory: MemoryPolicy
    ) throws(TorchError) {
        self.models = models
        look = try BinderLook(
            binder, clipFrames: clipFrames, frames: frames, height: height, width: width, dtype: models.dtype,
            device: models.device, memory: memory)
        self.memory = memory
    }

    package var gradientScale: Double { models.dtype.gradientScale }

    /// - Returns: frames `[B·F, 3, H, W]`, 0…1, in the type of the latent; those of a sample stand together.
    package func decode(_ clean: Tensor, observer: (any SamplerObserver)? = nil) throws -> Tensor {
        let pixels = try models.vae.decode(clean.framesApart().to(models.dtype), memory: memory)
        return try (pixels.to(clean.dtype) * 0.5 + 0.5).clamped(0, 1)
    }

    package func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        // The decoder works frame by frame, so that those it leaves out change nothing.
        let seen = try look.frames.map { try clean.select(2, $0) } ?? clean
        let pixels = try observer.timed("video.vae_decode") { try decode(seen) }
        observer?.record("pixels", pixels)
        return try look.embed(seen: pixels, samples: clean.size(0), observer)
    }

    package func embed(decoded: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        try look.embed(decoded, observer)
    }
}
