package import Method
internal import Networks
package import Torch

/// AudioLDM's denoiser with classifier-free guidance.
///
/// Latents are `[B, channels, frames, bins]`; the prompt embedding is `[B, width]`, unit length.
package struct AudioDenoiser: Denoiser {
    package let modalities = [Modality.audio]
    private let models: AudioLDMModels
    private let unconditional: Tensor
    private let scale: Double
    private let table: TimestepTable
    private let memory: MemoryPolicy
    private let recording: WorkRecorder.Scope?

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
        return try recording.run("audio.unet", [latents[0], waves, prompt, unconditional]) { inputs in
            [try denoise(inputs[0], inputs[1], prompt: inputs[2], inputs[3])]
        }
    }

    private func denoise(
        _ z: Tensor, _ waves: Tensor, prompt: Tensor?, _ unconditional: Tensor
    ) throws(TorchError) -> Tensor {
        let guidance = ClassifierFreeGuidance(unconditional: unconditional, scale: scale, apart: memory == .low)
        // The network works in its own precision; latents keep theirs between steps.
        return try guidance(z, prompt: prompt) { z, y throws(TorchError) in
            try models.unet(z.to(models.dtype), waves: waves, classLabels: y.to(models.dtype), memory: memory)
                .to(z.dtype)
        }
    }
}
