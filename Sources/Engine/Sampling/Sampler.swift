package import Torch

/// The sampler's loop: denoises latents, of one or several streams in lock step, and lets a guide move them on the way.
///
/// Symbols: `z_t` latent, `ε̂` predicted noise, `y` prompt embedding.
package struct Sampler {
    private let streams: [DiffusionStream]
    /// nil: the plain pipeline (the paper's "vanilla").
    private let guide: (any Guide)?

    /// - Parameter streams: with schedules of the same number of steps.
    package init(_ streams: [DiffusionStream], guide: (any Guide)? = nil) {
        self.streams = streams
        self.guide = guide
    }

    /// What a run leaves.
    package struct Outcome {
        /// The final latents of each stream.
        package let latents: [[Tensor]]
        /// For each sample the loss of every update, in order; empty without a guide.
        package let losses: [[Double]]
    }

    /// Runs all steps.
    ///
    /// - Parameters:
    ///   - latents: unit noise `[B, …]`, for each stream one of each modality.
    ///   - prompts: the prompt embeddings of each stream `[B, …]`; nil for one that takes none.
    /// - Throws: ``SamplerError``, ``TorchError``, and what streams, guide and observer throw.
    package func run(
        latents: [[Tensor]], prompts: [Tensor?], observer: (any SamplerObserver)? = nil
    ) throws -> Outcome {
        guard let lead = streams.first else { return Outcome(latents: [], losses: []) }
        let samples = try check(latents, prompts)
        var guide = guide
        try guide?.begin(streams, samples: samples)
        var states = try zip(streams, zip(latents, prompts)).map { stream, start in
            let scale = stream.scheduler.initialScale
            return StreamState(try start.0.map { scale == 1 ? $0 : try $0 * scale }, prompt: start.1)
        }
        let steps = lead.scheduler.timesteps.count
        for index in 0..<steps {
            try observer?.willBegin(step: index, of: steps)
            let step = SamplerStep(index: index, streams: streams, observer: observer)
            let needs = guide?.needs(at: index) ?? .nothing
            for number in streams.indices {
                try advance(streams[number], &states[number], step, tuned: needs.promptGraphs.contains(number))
            }
            if needs.isGuided { try guide?.move(&states, at: step) }
            for (number, stream) in streams.enumerated() {
                states[number].noise = []
                for (modality, z) in zip(stream.denoiser.modalities, states[number].latents) {
                    step.record("z_out", of: modality, z)
                }
            }
        }
        return Outcome(
            latents: states.map(\.latents), losses: try guide?.losses() ?? Array(repeating: [], count: samples))
    }

    /// - Returns: the number of samples.
    private func check(_ latents: [[Tensor]], _ prompts: [Tensor?]) throws(SamplerError) -> Int {
        let counts = (latents.flatMap { $0 } + prompts.compactMap { $0 }).map { $0.size(0) }
        guard latents.map(\.count) == streams.map(\.denoiser.modalities.count), prompts.count == streams.count,
            Set(counts).count == 1
        else {
            throw .unequalSamples(
                streams: streams.count, latents: latents.flatMap { $0 }.map { $0.size(0) },
                prompts: prompts.compactMap { $0?.size(0) })
        }
        let steps = streams.map(\.scheduler.timesteps.count)
        guard Set(steps).count == 1 else {
            throw .unequalSteps(Dictionary(zip(streams.map(\.name), steps)) { first, _ in first })
        }
        return counts[0]
    }

    /// `ε̂ = ε_θ(z_t, t, y)`; `z ← scheduler.step(ε̂, t, z_t)`.
    private func advance(
        _ stream: DiffusionStream, _ state: inout StreamState, _ step: SamplerStep, tuned: Bool
    ) throws {
        let modalities = stream.denoiser.modalities
        for (place, modality) in modalities.enumerated() {
            let forced = step.observer?.override(step: step.index, modality: modality)
            state.previous[place] = forced?.latent ?? state.latents[place]
            if let prompt = forced?.prompt { state.prompt = prompt }
        }
        state.prompt = try state.prompt?.detached()
        if tuned { state.prompt = try state.prompt?.leaf() }
        for (modality, z) in zip(modalities, state.previous) { step.record("z_in", of: modality, z) }
        if let prompt = state.prompt { step.record("y_in", of: stream.name, prompt) }
        state.noise = try step.predictNoise(stream, state)
        let scheduler = stream.scheduler
        for (place, modality) in modalities.enumerated() {
            let (noise, z) = (state.noise[place], state.previous[place])
            step.record("eps", of: modality, noise)
            state.latents[place] = try scheduler.step(
                step.index, noise: noise.detached(), latent: z, history: &state.histories[place],
                fresh: scheduler.drawsNoise ? stream.freshNoise(like: z) : nil)
            step.record("z_prev", of: modality, state.latents[place])
        }
    }
}
