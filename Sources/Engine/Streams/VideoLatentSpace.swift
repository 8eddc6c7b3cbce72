package import Method
package import Networks
package import Torch

/// Stable Diffusion's latents as frames: its decoder, and the binder's vision tower.
package struct VideoLatentSpace: LatentSpace {
    package let modality = Modality.video
    private let models: StableDiffusionModels
    private let binder: ImageBindModel
    private let binderInput: ImageBindVisionInput
    private let view: View?
    private let memory: MemoryPolicy

    /// What the binder sees of a video; its indices lie on the device.
    private struct View {
        /// Frames that are decoded for it, ascending. The decoder works frame by frame, so that those it leaves out change
        /// nothing.
        let frames: Tensor
        /// The places in ``frames`` of every clip's frames, clip after clip.
        let places: Tensor
        let clips: Int
        /// Frames of the whole video.
        let count: Int

        init(_ clips: [[Int]], of count: Int, device: Device) throws(TorchError) {
            self.count = count
            let seen = clips.flatMap { $0 }
            let frames = Set(seen).sorted()
            func indices(_ values: [Int]) throws(TorchError) -> Tensor {
                try Tensor(values.map(Int64.init), shape: [values.count]).to(device: device)
            }
            self.frames = try indices(frames)
            places = try indices(seen.compactMap { frames.firstIndex(of: $0) })
            self.clips = clips.count
        }
    }

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
        self.binder = binder
        binderInput = try ImageBindVisionInput(height: height, width: width, device: models.device)
        view = try clipFrames.map { clips throws(TorchError) in try View(clips, of: frames, device: models.device) }
        self.memory = memory
    }

    package var gradientScale: Double { models.dtype.gradientScale }

    /// - Returns: frames `[B·F, 3, H, W]`, 0…1, in the type of the latent; those of a sample stand together.
    package func decode(_ clean: Tensor, observer: (any SamplerObserver)? = nil) throws -> Tensor {
        let pixels = try models.vae.decode(clean.framesApart().to(models.dtype), memory: memory)
        return try (pixels.to(clean.dtype) * 0.5 + 0.5).clamped(0, 1)
    }

    package func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        let seen = try view.map { try clean.select(2, $0.frames) } ?? clean
        let pixels = try observer.timed("video.vae_decode") { try decode(seen) }
        observer?.record("pixels", pixels)
        return try embed(seen: pixels, samples: clean.size(0), observer)
    }

    package func embed(decoded: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        guard let view else { return try embed(seen: decoded, samples: decoded.size(0), observer) }
        let samples = decoded.size(0) / view.count
        let side = Array<Int>(decoded.shape[1...])
        let seen = try decoded.reshape([samples, view.count] + side).select(1, view.frames)
        return try embed(seen: seen.reshape([samples * view.frames.count] + side), samples: samples, observer)
    }

    /// - Parameter pixels: of the frames that the binder looks at.
    private func embed(
        seen pixels: Tensor, samples: Int, _ observer: (any SamplerObserver)?
    ) throws -> Tensor {
        let input = try observer.timed("video.transform") {
            let frames = try binderInput(pixels)
            guard let view else { return frames }
            // (B, clips, 3, frames of a clip, 224, 224)
            let side = Array(frames.shape[1...])
            let placed = try frames.reshape([samples, view.frames.count] + side).select(1, view.places)
            return try placed.reshape([samples, view.clips, view.places.count / view.clips] + side)
                .transpose(2, 3)
        }
        observer?.record("bind_in", input)
        return try observer.timed("video.imagebind") { try binder.vision(input.to(models.dtype), memory: memory) }
    }
}
