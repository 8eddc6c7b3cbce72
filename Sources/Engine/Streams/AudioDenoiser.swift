package import Method
internal import Networks
package import Torch

/// AudioLDM's denoiser with classifier-free guidance.
///
/// Latents are `[B, channels, frames, bins]`; the prompt embedding is `[B, width]`, unit length.
package struct AudioDenoiser: Denoiser {
    package let modalities = [Modality.audio]
    private let models: AudioLDMModels
    private let guidance: ClassifierFreeGuidance
    private let table: TimestepTable
    private let memory: MemoryPolicy

    /// - Parameters:
    ///   - unconditional: embedding of the negative prompts, `[B, width]`.
    ///   - scale: of classifier-free guidance; 1 and below leaves the unconditional half out.
    ///   - timesteps: of the run, laid on the device ahead.
    package init(
        _ models: AudioLDMModels, unconditional: Tensor, scale: Double, timesteps: [Double] = [], memory: MemoryPolicy
    ) throws(TorchError) {
        self.models = models
        guidance = ClassifierFreeGuidance(unconditional: unconditional, scale: scale, apart: memory == .low)
        table = try models.unet.table(of: timesteps, dtype: models.dtype, device: models.device)
        self.memory = memory
    }

    package func predict(_ latents: [Tensor], timestep: Double, prompt: Tensor?) throws -> [Tensor] {
        // The network works in its own precision; latents keep theirs between steps.
        [
            try guidance(latents[0], prompt: prompt) { z, y throws(TorchError) in
                try models.unet(
                    z.to(models.dtype), timestep: timestep, table: table, classLabels: y.to(models.dtype), memory: memory
                ).to(z.dtype)
            }
        ]
    }
}
