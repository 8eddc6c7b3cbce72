internal import Foundation
internal import Torch

/// Sines and cosines of a timestep, mapped through two layers.
///
/// Source: diffusers `models/embeddings.py`, `Timesteps` and `TimestepEmbedding` (SiLU between the layers).
struct TimestepEmbedding: Sendable {
    private let linear1: Linear
    private let linear2: Linear
    private let width: Int
    private let cosineFirst: Bool
    private let frequencyShift: Double

    init(_ w: WeightScope, width: Int, hidden: Int, cosineFirst: Bool, frequencyShift: Double) throws {
        linear1 = try Linear(w("linear_1"), width, hidden)
        linear2 = try Linear(w("linear_2"), hidden, hidden)
        self.width = width
        self.cosineFirst = cosineFirst
        self.frequencyShift = frequencyShift
    }

    /// - Parameter timestep: of the training schedule; some schedules have timesteps between its whole ones.
    /// - Returns: `[1, hidden]` in the given type, on the given device.
    func callAsFunction(_ timestep: Double, dtype: DType, device: Device) throws(TorchError) -> Tensor {
        let half = width / 2
        // In single precision throughout, as the reference computes it.
        let scale = -Foundation.log(10_000.0) / (Double(half) - frequencyShift)
        let angles = try (Tensor.arange(to: Double(half)) * scale).exp() * timestep
        let (sine, cosine) = (try angles.sin(), try angles.cos())
        var waves = try Tensor.cat(cosineFirst ? [cosine, sine] : [sine, cosine], 0)
        if width % 2 == 1 { waves = try waves.padded([(0, 1)]) }
        return try linear2(linear1(waves.unsqueeze(0).to(dtype, device: device)).silu())
    }
}
