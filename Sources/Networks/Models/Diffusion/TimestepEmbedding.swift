internal import Foundation
package import Torch

/// Sines and cosines of a timestep, mapped through two layers.
///
/// Source: diffusers `models/embeddings.py`, `Timesteps` and `TimestepEmbedding` (SiLU between the layers).
struct TimestepEmbedding: Sendable {
    private let linear1: Linear
    private let linear2: Linear
    private let width: Int
    private let cosineFirst: Bool
    private let frequencyShift: Double

    /// - Parameters:
    ///   - first: where the first layer's weights lie; likewise the second's.
    init(
        _ first: WeightScope, _ second: WeightScope, width: Int, hidden: Int, cosineFirst: Bool, frequencyShift: Double
    ) throws {
        linear1 = try Linear(first, width, hidden)
        linear2 = try Linear(second, hidden, hidden)
        self.width = width
        self.cosineFirst = cosineFirst
        self.frequencyShift = frequencyShift
    }

    /// Made on the host: they are few, and their bits are then the same for every device.
    ///
    /// - Parameter timestep: of the training schedule; some schedules have timesteps between its whole ones.
    /// - Returns: sines and cosines, `[1, width]` in single precision.
    func waves(_ timestep: Double) throws(TorchError) -> Tensor {
        let half = width / 2
        // In single precision throughout, as the reference computes it.
        let scale = -Foundation.log(10_000.0) / (Double(half) - frequencyShift)
        let angles = try (Tensor.arange(to: Double(half)) * scale).exp() * timestep
        let (sine, cosine) = (try angles.sin(), try angles.cos())
        let waves = try Tensor.cat(cosineFirst ? [cosine, sine] : [sine, cosine], 0)
        return try (width % 2 == 1 ? waves.padded([(0, 1)]) : waves).unsqueeze(0)
    }

    /// - Parameter waves: `[1, width]`, in the network's type and on its device.
    /// - Returns: `[1, hidden]`.
    func callAsFunction(_ waves: Tensor) throws(TorchError) -> Tensor { try linear2(linear1(waves).silu()) }
}

/// What a denoiser is told of timesteps, those of a run laid on its device ahead.
package struct TimestepTable: Sendable {
    private let embedding: TimestepEmbedding
    private let dtype: DType
    private let device: Device
    private let known: [Double: Tensor]

    /// - Parameter dtype: of the network.
    init(_ timesteps: [Double], _ embedding: TimestepEmbedding, dtype: DType, device: Device) throws(TorchError) {
        let rows = try timesteps.map { timestep throws(TorchError) in try embedding.waves(timestep) }
        var known: [Double: Tensor] = [:]
        let table = rows.isEmpty ? nil : try Tensor.cat(rows, 0).to(dtype).uploaded(to: device)
        for (row, timestep) in timesteps.enumerated() { known[timestep] = try table?.narrow(0, from: row, count: 1) }
        (self.embedding, self.dtype, self.device, self.known) = (embedding, dtype, device, known)
    }

    /// `[1, width]`; one that is not laid ready is made, and the device waited for.
    package func waves(of timestep: Double) throws(TorchError) -> Tensor {
        if let waves = known[timestep] { return waves }
        return try embedding.waves(timestep).to(dtype, device: device)
    }
}
