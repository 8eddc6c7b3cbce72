package import Method
package import Torch

/// One diffusion model's part in a run.
package struct DiffusionStream {
    package let denoiser: any Denoiser
    /// Of this run: as many timesteps as there are steps.
    package let scheduler: any LatentScheduler
    /// One for each of the denoiser's modalities.
    package let spaces: [any LatentSpace]
    /// One for each sample, for the noise of steps with η > 0.
    private let generators: [Generator]

    package init(
        denoiser: any Denoiser, scheduler: any LatentScheduler, spaces: [any LatentSpace], generators: [Generator] = []
    ) {
        self.denoiser = denoiser
        self.scheduler = scheduler
        self.spaces = spaces
        self.generators = generators
    }

    /// The modality after which what the whole stream has is called: its prompt, and the time of its network.
    package var name: Modality { denoiser.modalities[0] }

    /// Fresh noise of a latent's shape.
    func freshNoise(like z: Tensor) throws -> Tensor { try generators.noise(like: z) }
}

/// Where a stream stands.
package struct StreamState {
    /// `z`, one for each modality.
    package var latents: [Tensor]
    /// `z_t`, where the step began.
    package internal(set) var previous: [Tensor]
    /// `ε̂` of the step, one for each modality, with its graph where a guide asked for it; empty between steps.
    package var noise: [Tensor] = []
    /// `y`; nil for a network that takes none.
    package var prompt: Tensor?
    var histories: [SchedulerHistory]

    init(_ latents: [Tensor], prompt: Tensor?) {
        self.latents = latents
        self.prompt = prompt
        previous = latents
        histories = latents.map { _ in SchedulerHistory() }
    }
}
