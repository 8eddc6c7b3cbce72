package import Method
internal import Networks
package import Torch

/// MM-Diffusion's denoiser: a video and its sound, without a prompt.
///
/// Latents are videos `[B, F, 3, H, W]` and sounds `[B, 1, L]`, −1 … 1 where they are clean. The attention between them is shifted
/// at random, each row by numbers from its own generator, drawn anew with every prediction: the network was trained with that.
package struct CoupledDenoiser: Denoiser {
    /// The seed of a row's shifts is its own, with these bits turned over ("shif").
    private static let seedMask: UInt64 = 0x7368_6966

    package let modalities = [Modality.video, .audio]
    private let models: CoupledModels
    private let table: TimestepTable
    private let windows: ShiftedWindows
    private var shifts: [Generator]

    /// - Parameters:
    ///   - seeds: of the rows.
    ///   - timesteps: of the run, laid on the device ahead.
    package init(_ models: CoupledModels, seeds: [UInt64], timesteps: [Double] = []) throws(TorchError) {
        self.models = models
        table = try models.unet.table(of: timesteps, dtype: models.dtype, device: models.device)
        windows = try ShiftedWindows(models.unet, samples: seeds.count, device: models.device)
        shifts = try seeds.map { seed throws(TorchError) in try Generator(seed: seed ^ Self.seedMask) }
    }

    package func keeping(_ rows: [Int]) throws -> Self {
        var denoiser = self
        denoiser.shifts = rows.map { shifts[$0] }
        return denoiser
    }

    package func predict(_ latents: [Tensor], timestep: Double, prompt: Tensor?) throws -> [Tensor] {
        let own = try Tensor.stack(shifts.map { try $0.integers(below: models.unet.shiftRanges) })
            .uploaded(to: models.device)
        let (video, audio) = try models.unet(
            video: latents[0].to(models.dtype), audio: latents[1].to(models.dtype), waves: table.waves(of: timestep),
            windows: windows, shifts: own)
        return [try video.to(latents[0].dtype), try audio.to(latents[1].dtype)]
    }
}
