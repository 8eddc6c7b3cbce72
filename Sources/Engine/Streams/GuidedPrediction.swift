internal import Method
internal import Networks
internal import Torch

/// A network's predictions with classifier-free guidance at the timesteps of a run, recorded where that is asked for.
struct GuidedPrediction {
    /// After which its recording is called.
    let modality: Modality
    /// Embeddings of the negative prompts, one row for each latent.
    var unconditional: Tensor
    /// Of classifier-free guidance.
    let scale: Double
    let memory: MemoryPolicy
    let table: TimestepTable
    /// nil runs the network kernel by kernel.
    let recording: WorkRecorder.Scope?

    /// - Parameters:
    ///   - prompt: embeddings of the prompts.
    ///   - network: of a latent, the timestep's waves and an embedding of as many rows.
    func callAsFunction(
        _ z: Tensor, timestep: Double, prompt: Tensor?,
        _ network: @escaping (Tensor, _ waves: Tensor, Tensor) throws(TorchError) -> Tensor
    ) throws -> Tensor {
        let waves = try table.waves(of: timestep)
        // What is moved by a gradient needs the graph of its prediction.
        guard let recording, let prompt, !prompt.requiresGrad, !z.requiresGrad else {
            return try predict(z, waves, prompt: prompt, unconditional, network)
        }
        return try recording.run("\(modality).unet \(z.size(0))", [z, waves, prompt, unconditional]) { inputs in
            [try predict(inputs[0], inputs[1], prompt: inputs[2], inputs[3], network)]
        }[0]
    }

    private func predict(
        _ z: Tensor, _ waves: Tensor, prompt: Tensor?, _ unconditional: Tensor,
        _ network: (Tensor, _ waves: Tensor, Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let guidance = ClassifierFreeGuidance(unconditional: unconditional, scale: scale, apart: memory == .low)
        return try guidance(z, prompt: prompt) { z, y throws(TorchError) in try network(z, waves, y) }
    }
}
