package import Method
internal import Networks
package import Torch

/// AudioLDM's denoiser with classifier-free guidance.
///
/// Latents are `[B, channels, frames, bins]`; the prompt embedding is `[B, width]`, unit length.
package struct AudioDenoiser: Denoiser {
    package let modalities = [Modality.audio]
    private let models: AudioLDMModels
    private var prediction: GuidedPrediction

    /// - Parameters:
    ///   - unconditional: embedding of the negative prompts, `[B, width]`.
    ///   - scale: of classifier-free guidance; 1 and below leaves the unconditional half out.
    ///   - timesteps: of the run, laid on the device ahead.
    ///   - recording: where predictions are recorded; nil runs them call by call.
    package init(
        _ models: AudioLDMModels, unconditional: Tensor, scale: Double, timesteps: [Double] = [], memory: MemoryPolicy,
        recording: WorkRecorder.Scope? = nil
    ) throws(TorchError) {
        self.models = models
        prediction = GuidedPrediction(
            modality: .audio, unconditional: unconditional, scale: scale, memory: memory,
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
                // The network works in its own precision; latents keep theirs between steps.
                try models.unet(z.to(models.dtype), waves: waves, classLabels: y.to(models.dtype), memory: memory)
                    .to(z.dtype)
            }
        ]
    }
}
