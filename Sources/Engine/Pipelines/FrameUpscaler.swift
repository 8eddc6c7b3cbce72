internal import Method
internal import Networks
internal import Torch

/// Enlarges the frames of a finished video, by DDIM without noise; all frames of a video begin with the same noise, as in the
/// official script.
struct FrameUpscaler {
    /// The seed of a row's noise is its own, with these bits turned over ("supr").
    private static let seedMask: UInt64 = 0x7375_7072

    private let network: SuperResolutionUNet
    private let scheduler: GaussianDiffusionScheduler
    private let table: TimestepTable
    private let side: Int
    private let dtype: DType
    /// That the network takes.
    private let framesAtOnce: Int

    init(
        _ network: SuperResolutionUNet, steps: Int, side: Int, dtype: DType, device: Device, memory: MemoryPolicy
    ) throws {
        self.network = network
        scheduler = try GaussianDiffusionScheduler(.ddim(eta: 0), steps: steps)
        table = try network.table(of: scheduler.timesteps, dtype: dtype, device: device)
        (self.side, self.dtype) = (side, dtype)
        framesAtOnce = memory.slice(height: side, width: side)
    }

    /// - Parameters:
    ///   - video: `[F, 3, h, w]` as it was sampled, neither clamped nor rounded.
    ///   - seed: of its row.
    /// - Returns: `[F, 3, side, side]`, −1 … 1.
    func callAsFunction(_ video: Tensor, seed: UInt64) throws -> Tensor {
        let noise = try Generator(seed: seed ^ Self.seedMask).normal([1, 3, side, side]).uploaded(to: video.device)
        let count = video.size(0)
        let parts = try stride(from: 0, to: count, by: framesAtOnce).map { start in
            let size = min(framesAtOnce, count - start)
            return try enlarge(
                noise.to(video.dtype).expand([size, 3, side, side]), video.narrow(0, from: start, count: size))
        }
        return try Tensor.cat(parts, 0)
    }

    private func enlarge(_ noise: Tensor, _ low: Tensor) throws -> Tensor {
        var z = noise
        var history = SchedulerHistory()
        for (step, timestep) in scheduler.timesteps.enumerated() {
            let output = try network(z.to(dtype), low: low.to(dtype), waves: table.waves(of: timestep))
                .narrow(1, from: 0, count: 3).to(z.dtype)
            let predicted = try scheduler.noise(from: output, latent: z, step: step)
            z = try scheduler.step(step, noise: predicted, latent: z, history: &history, fresh: nil)
        }
        return z
    }
}
