package import Method
internal import Networks
package import Torch

/// Videos that are their own latents, `[B, F, 3, H, W]`, −1 … 1 where they are clean.
package struct PixelSpace: LatentSpace {
    package let modality = Modality.video
    package let gradientScale: Double
    private let look: BinderLook

    /// - Parameter clipFrames: the frames of each clip that the binder sees.
    init(
        _ binder: ImageBindModel, clipFrames: [[Int]], frames: Int, side: Int, dtype: DType, device: Device,
        memory: MemoryPolicy
    ) throws(TorchError) {
        look = try BinderLook(
            binder, clipFrames: clipFrames, frames: frames, height: side, width: side, dtype: dtype, device: device,
            memory: memory)
        gradientScale = dtype.gradientScale
    }

    /// - Returns: frames `[B·F, 3, H, W]`, 0…1; those of a sample stand together.
    package func decode(_ clean: Tensor, observer: (any SamplerObserver)? = nil) throws -> Tensor {
        try apart(clean).clamped(0, 1)
    }

    /// Not clamped: under a sampler that keeps to −1 … 1 many values lie on the edge itself, where rounding would decide whether
    /// they have a gradient.
    package func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        let seen = try look.frames.map { try clean.select(1, $0) } ?? clean
        return try look.embed(seen: apart(seen), samples: clean.size(0), observer)
    }

    package func embed(decoded: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        try look.embed(decoded, observer)
    }

    private func apart(_ video: Tensor) throws -> Tensor {
        try (video.reshape([video.size(0) * video.size(1)] + video.shape[2...]) + 1) * 0.5
    }
}

/// Sounds that are their own latents, `[B, 1, L]`, −1 … 1 where they are clean.
package struct WaveSpace: LatentSpace {
    package let modality = Modality.audio
    package let gradientScale: Double
    private let hearing: BinderHearing

    /// - Parameter clips: how many clips the binder hears.
    init(
        _ binder: ImageBindModel, clipSettings: ClipSettings, clips: Int, dtype: DType, device: Device,
        memory: MemoryPolicy
    ) throws {
        hearing = try BinderHearing(
            binder, clipSettings, clips: clips, dtype: dtype, device: device, memory: memory)
        gradientScale = dtype.gradientScale
    }

    /// - Returns: waveforms `[B, samples]` at 16 kHz, −1 … 1.
    package func decode(_ clean: Tensor, observer: (any SamplerObserver)? = nil) throws -> Tensor {
        try clean.squeeze(1).clamped(-1, 1)
    }

    /// Not clamped, as ``PixelSpace/embed(_:observer:)``.
    package func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        try hearing.embed(clean.squeeze(1), observer)
    }

    package func embed(decoded wave: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
        try hearing.embed(wave, observer)
    }
}
