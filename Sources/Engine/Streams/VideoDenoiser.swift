package import Method
internal import Networks
package import Torch

/// Stable Diffusion's denoiser with classifier-free guidance, and with AnimateDiff's motion modules for videos.
///
/// Latents are `[B, 4, F, h, w]`, of images `[B, 4, h, w]`; the prompt embedding is `[B, tokens, width]`.
package struct VideoDenoiser: Denoiser {
    package let modalities = [Modality.video]
    private let models: StableDiffusionModels
    private var prediction: GuidedPrediction

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
        prediction = GuidedPrediction(
            modality: .video, unconditional: unconditional, scale: scale, memory: memory,
            table: try models.unet.table(of: timesteps, dtype: models.dtype, device: models.device),
            recording: recording)
    }

    package func keeping(_ rows: [Int]) throws -> Self {
        var denoiser = self
        denoiser.prediction.unconditional = try prediction.unconditional.rows(rows)
        return denoiser
    }

    package func predict(_ latents: [Tensor], timestep: Double, prompt: Tensor?) throws -> [Tensor] {
        [
            try prediction(latents[0], timestep: timestep, prompt: prompt) {
                [models, memory = prediction.memory] z, waves, y throws(TorchError) in
                let isVideo = z.rank == 5
                let output = try models.unet(
                    z.framesApart().to(models.dtype), waves: waves, context: y.to(models.dtype),
                    motion: isVideo ? models.motion : nil, frames: isVideo ? z.size(2) : 1, memory: memory)
                guard isVideo else { return try output.to(z.dtype) }
                let shape = [z.size(0), z.size(2)] + output.shape[1...]
                return try output.to(z.dtype).reshape(shape).transpose(1, 2)
            }
        ]
    }
}

extension Tensor {
    /// `[B, 4, F, h, w]` to `[B·F, 4, h, w]`; images stay as they are.
    func framesApart() throws(TorchError) -> Tensor {
        guard rank == 5 else { return self }
        return try transpose(1, 2).reshape([size(0) * size(2), size(1), size(3), size(4)])
    }
}
