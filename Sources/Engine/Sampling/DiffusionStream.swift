package import Method
package import Torch

/// One diffusion model's part in a run.
package struct DiffusionStream {
    package private(set) var denoiser: any Denoiser
    /// Of this run: as many timesteps as there are steps.
    package let scheduler: any LatentScheduler
    /// One for each of the denoiser's modalities.
    package let spaces: [any LatentSpace]
    /// One for each row, for the noise of steps with η > 0.
    private var generators: [Generator]
    /// One for each sample, for the way back in time.
    private let travelGenerators: [Generator]

    package init(
        denoiser: any Denoiser, scheduler: any LatentScheduler, spaces: [any LatentSpace], generators: [Generator] = [],
        travelGenerators: [Generator] = []
    ) {
        self.denoiser = denoiser
        self.scheduler = scheduler
        self.spaces = spaces
        self.generators = generators
        self.travelGenerators = travelGenerators
    }

    /// The modality after which what the whole stream has is called: its prompt, and the time of its network.
    package var name: Modality { denoiser.modalities[0] }

    /// Fresh noise of a latent's shape.
    func freshNoise(like z: Tensor) throws -> Tensor { try generators.noise(like: z) }

    /// The latent of a step from the one that it led to: `z_t = √(ᾱ_t/ᾱ_s) z_s + √(1 − ᾱ_t/ᾱ_s) n`.
    ///
    /// Source: FreeDoM (arXiv 2303.09833), Algorithm 2.
    func back(_ z: Tensor, before step: Int, rows: [Beginning]) throws -> Tensor {
        let ratio = scheduler.level(at: step).signal / scheduler.level(after: step).signal
        let n = try rows.map { row in
            guard row.sample < travelGenerators.count else {
                throw TorchError.refused(
                    operation: "time travel", message: "sample \(row.sample) has no generator for it")
            }
            return travelGenerators[row.sample]
        }.noise(like: z)
        return try (z * ratio).adding(n, scaledBy: max(0, 1 - ratio * ratio).squareRoot())
    }

    /// The stream of these rows, in this order.
    func keeping(_ places: [Int]) throws -> DiffusionStream {
        var stream = self
        stream.denoiser = try denoiser.keeping(places)
        if !generators.isEmpty { stream.generators = places.map { generators[$0] } }
        return stream
    }
}
