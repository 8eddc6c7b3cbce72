package import Method
internal import Networks
package import Torch

/// Stable Diffusion's denoiser with classifier-free guidance, and with AnimateDiff's motion modules for videos.
///
/// Latents are `[B, 4, F, h, w]`, of images `[B, 4, h, w]`; the prompt embedding is `[B, tokens, width]`.
package struct VideoDenoiser: Denoiser {
    package let modalities = [Modality.video]
    private let models: StableDiffusionModels
    private let unconditional: Tensor
    private let scale: Double
    private let table: TimestepTable
    private let memory: MemoryPolicy
    private let recording: WorkRecorder.Scope?

    /// - Parameters:
    ///   - unconditional: embedding of the negative prompts, `[B, tokens, width]`.
    ///   - scale: of classifier-free guidance; 1 and below leaves the unconditional half out.
    ///   - timesteps: of the run, laid on the device ahead.
    ///   - recording: where predictions are recorded; nil runs them call by call.
    package init(
        _ models: StableDiffusionModels, unconditional: Tensor, scale: Double, timesteps: [Double] = [],
        memory: MemoryPolicy, recording: WorkRecorder.Scope? = nil
    ) throws(TorchError) {
        self.models = models
        self.unconditional = unconditional
        self.scale = scale
        table = try models.unet.table(of: timesteps, dtype: models.dtype, device: models.device)
        self.memory = memory
        self.recording = recording
    }

    package func predict(_ latents: [Tensor], timestep: Double, prompt: Tensor?) throws -> [Tensor] {
        let waves = try table[timestep] ?? models.unet.waves(of: timestep, dtype: models.dtype, device: models.device)
        // A prompt that is tuned needs the graph of its prediction.
        guard let recording, let prompt, !prompt.requiresGrad else {
            return [try denoise(latents[0], waves, prompt: prompt, unconditional)]
        }
        return try recording.run("video.unet", [latents[0], waves, prompt, unconditional]) { inputs in
            [try denoise(inputs[0], inputs[1], prompt: inputs[2], inputs[3])]
        }
    }

    private func denoise(
        _ z: Tensor, _ waves: Tensor, prompt: Tensor?, _ unconditional: Tensor
    ) throws(TorchError) -> Tensor {
        let guidance = ClassifierFreeGuidance(unconditional: unconditional, scale: scale, apart: memory == .low)
        return try guidance(z, prompt: prompt) { z, y throws(TorchError) in
            let isVideo = z.rank == 5
            let output = try models.unet(
                z.framesApart().to(models.dtype), waves: waves, context: y.to(models.dtype),
                motion: isVideo ? models.motion : nil, frames: isVideo ? z.size(2) : 1, memory: memory)
            guard isVideo else { return try output.to(z.dtype) }
            let shape = [z.size(0), z.size(2)] + output.shape[1...]
            return try output.to(z.dtype).reshape(shape).transpose(1, 2)
        }
    }
}

extension Tensor {
    /// `[B, 4, F, h, w]` to `[B·F, 4, h, w]`; images stay as they are.
    func framesApart() throws(TorchError) -> Tensor {
        guard rank == 5 else { return self }
        return try transpose(1, 2).reshape([size(0) * size(2), size(1), size(3), size(4)])
    }
}
