package import Torch

/// The sampler's loop: denoises latents, of one or several streams in lock step, and lets guides take part on the way.
///
/// Symbols: `z_t` latent, `ε̂` predicted noise, `y` prompt embedding.
package struct Sampler {
    private let streams: [DiffusionStream]
    /// None: the plain pipeline (the paper's "vanilla").
    private let guides: [any Guide]
    private let rowsAtOnce: Int

    /// - Parameters:
    ///   - streams: with schedules of the same number of steps.
    ///   - guides: each takes part in a step after the ones before it.
    ///   - rowsAtOnce: that the networks take.
    package init(_ streams: [DiffusionStream], guides: [any Guide] = [], rowsAtOnce: Int = .max) {
        self.streams = streams
        self.guides = guides
        self.rowsAtOnce = rowsAtOnce
    }

    /// What a run leaves.
    package struct Outcome {
        /// What the rows of the latents are: fewer than at the beginning where a guide chose among them.
        package let rows: [Beginning]
        /// The final latents of each stream.
        package let latents: [[Tensor]]
        /// For each row the loss of every update, in order; empty without a guide.
        package let losses: [[Double]]
        /// As they are after the last step.
        package let guides: [any Guide]
    }

    /// Runs all steps.
    ///
    /// - Parameters:
    ///   - latents: unit noise `[rows, …]`, for each stream one of each modality.
    ///   - prompts: the prompt embeddings of each stream `[rows, …]`; nil for one that takes none.
    ///   - rows: what the rows are; nil: one of each sample.
    /// - Throws: ``SamplerError``, ``TorchError``, and what streams, guides and observer throw.
    package func run(
        latents: [[Tensor]], prompts: [Tensor?], rows: [Beginning]? = nil, observer: (any SamplerObserver)? = nil
    ) throws -> Outcome {
        guard let lead = streams.first else { return Outcome(rows: [], latents: [], losses: [], guides: guides) }
        let count = try check(latents, prompts, rows)
        let states = try zip(streams, zip(latents, prompts)).map { stream, start in
            let scale = stream.scheduler.initialScale
            return StreamState(stream, try start.0.map { scale == 1 ? $0 : try $0 * scale }, prompt: start.1)
        }
        var state = SamplerState(states, rows: rows ?? Beginning.all(samples: count))
        var guides = guides
        for place in guides.indices { try guides[place].begin(streams, rows: state.rows) }
        let steps = lead.scheduler.timesteps.count
        for index in 0..<steps {
            try observer?.willBegin(step: index, of: steps)
            try advance(&state, &guides, index, steps, observer)
        }
        var losses = state.rows.map { _ in [Double]() }
        for guide in guides {
            for (place, own) in try guide.losses(of: state.rows).enumerated() { losses[place] += own }
        }
        return Outcome(rows: state.rows, latents: state.streams.map(\.latents), losses: losses, guides: guides)
    }

    /// - Returns: the number of rows.
    private func check(
        _ latents: [[Tensor]], _ prompts: [Tensor?], _ rows: [Beginning]?
    ) throws(SamplerError) -> Int {
        let counts = (latents.flatMap { $0 } + prompts.compactMap { $0 }).map { $0.size(0) }
        guard latents.map(\.count) == streams.map(\.denoiser.modalities.count), prompts.count == streams.count,
            Set(counts + (rows.map { [$0.count] } ?? [])).count == 1
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

    /// A step, in as many turns as the guides want.
    private func advance(
        _ state: inout SamplerState, _ guides: inout [any Guide], _ index: Int, _ steps: Int,
        _ observer: (any SamplerObserver)?
    ) throws {
        let wanted = guides.map { $0.needs(at: index) }
        let needs = wanted.reduce(GuideNeeds.nothing) { $0.union($1) }
        var step = SamplerStep(index: index, count: steps, observer: observer, rowsAtOnce: rowsAtOnce)
        while true {
            step.isLastTurn = step.turn == needs.turns - 1
            for number in state.streams.indices {
                try predict(&state.streams[number], step, needs, tuned: needs.promptGraphs.contains(number))
            }
            let rows = state.rows.count
            for place in guides.indices where wanted[place].refines { try guides[place].refine(&state, at: step) }
            if state.rows.count < rows {
                for number in needs.promptGraphs { try trace(&state.streams[number], step) }
            }
            for number in state.streams.indices { try follow(&state.streams[number], step) }
            guard !step.isLastTurn else { break }
            for number in state.streams.indices { try back(&state.streams[number], step, state.rows) }
            step.turn += 1
        }
        for place in guides.indices where wanted[place].moves { try guides[place].move(&state, at: step) }
        for number in state.streams.indices {
            state.streams[number].noise = []
            let modalities = state.streams[number].stream.denoiser.modalities
            for (modality, z) in zip(modalities, state.streams[number].latents) {
                step.record("z_out", of: modality, z)
            }
        }
    }

    /// `ε̂ = ε_θ(z_t, t, y)`.
    private func predict(
        _ state: inout StreamState, _ step: SamplerStep, _ needs: GuideNeeds, tuned: Bool
    ) throws {
        let modalities = state.stream.denoiser.modalities
        for (place, modality) in modalities.enumerated() {
            let forced = step.observer?.override(step: step.index, turn: step.turn, modality: modality)
            state.previous[place] = forced?.latent ?? state.latents[place]
            if needs.latentGraphs { state.previous[place] = try state.previous[place].detached().leaf() }
            if let prompt = forced?.prompt { state.prompt = prompt }
        }
        state.prompt = try state.prompt?.detached()
        if tuned { state.prompt = try state.prompt?.leaf() }
        for (modality, z) in zip(modalities, state.previous) { step.record("z_in", of: modality, z, round: step.turn) }
        if let prompt = state.prompt { step.record("y_in", of: state.stream.name, prompt, round: step.turn) }
        state.noise = try step.predictNoise(state)
        for (modality, noise) in zip(modalities, state.noise) {
            step.record("eps", of: modality, noise, round: step.turn)
        }
    }

    /// `ε̂` once more, of the rows that are left: its graph led to the prompts of all.
    private func trace(_ state: inout StreamState, _ step: SamplerStep) throws {
        state.noise = []
        state.prompt = try state.prompt?.detached().leaf()
        state.noise = try step.predictNoise(state)
    }

    /// `z ← scheduler.step(ε̂, t, z_t)`.
    private func follow(_ state: inout StreamState, _ step: SamplerStep) throws {
        let before = try state.previous.map { try $0.detached() }
        let (stream, prompt) = (state.stream, try state.prompt?.detached())
        let sources = StepSources(
            fresh: { try before.map { try stream.freshNoise(like: $0) } },
            predict: { latents, timestep, rows in
                try step.observer?.mayGoOn()
                let own = try rows.map { try stream.keeping($0) } ?? stream
                return try step.predict(
                    own, latents, timestep: timestep, prompt: rows.map { try prompt?.rows($0) } ?? prompt
                )
                .map { try $0.detached() }
            })
        state.latents = try stream.scheduler.step(
            step.index, noise: state.noise.map { try $0.detached() }, latents: before, histories: &state.histories,
            from: sources)
        for (modality, z) in zip(stream.denoiser.modalities, state.latents) {
            step.record("z_prev", of: modality, z, round: step.turn)
        }
    }

    /// To the noise level where the step began. A solver that remembers begins anew: what it remembers is of another path.
    private func back(_ state: inout StreamState, _ step: SamplerStep, _ rows: [Beginning]) throws {
        for place in state.latents.indices {
            state.latents[place] = try state.stream.back(state.latents[place], before: step.index, rows: rows)
            state.histories[place] = SchedulerHistory()
            step.record("z_back", of: state.stream.denoiser.modalities[place], state.latents[place], round: step.turn)
        }
    }
}
