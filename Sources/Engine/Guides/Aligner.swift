package import Method
package import Torch

/// The diffusion latent aligner: gradient steps on the latent, and on the prompt embedding, towards the conditions
/// (Algorithm 1).
///
/// Symbols: `z` latent, `z̃0` predicted clean latent, `y` prompt embedding, `λ1 λ2` learning rates, `L` the loss.
///
/// Source: paper, Algorithm 1 and eq. 11–17; the released code's `bind_forward_double_loss` for the preset `official`.
package struct Aligner: Guide {
    private let settings: AlignerSettings
    private let objective: AlignmentObjective
    private var guided: [Bool] = []
    /// The streams, by place, whose prompt embedding is moved.
    private var tuned: [Int] = []
    /// What moves the prompt embeddings of ``tuned``.
    private var promptRules: [Int: UpdateRule] = [:]
    private var rows: [Beginning] = []
    private var history = LossHistory()

    /// - Parameters:
    ///   - conditions: embeddings `[B, width]`, single precision; one row for each sample, also for those that `missing`
    ///     names.
    ///   - missing: samples, by index, without a condition, such as those without a caption.
    ///   - recording: where loss and gradient are recorded; nil computes them call by call.
    package init(
        _ settings: AlignerSettings, terms: [AlignmentTerm], conditions: [Modality: Tensor],
        missing: [Modality: Set<Int>] = [:], recording: WorkRecorder.Scope? = nil
    ) throws(TorchError) {
        self.settings = settings
        objective = AlignmentObjective(
            loss: try AlignmentLoss(terms: terms, conditions: conditions, missing: missing), recording: recording)
    }

    /// - Throws: ``AlignerError``. A window of timesteps is one of the first stream's.
    package mutating func begin(_ streams: [DiffusionStream], rows: [Beginning]) throws {
        try objective.loss.check(with: streams.flatMap(\.denoiser.modalities))
        guided = settings.guidedSteps(timesteps: streams.first?.scheduler.timesteps ?? [])
        tuned = streams.indices.filter { promptRate(streams[$0]) > 0 }
        promptRules = [:]
        self.rows = rows
        history = LossHistory()
    }

    package func needs(at step: Int) -> GuideNeeds {
        var needs = GuideNeeds.nothing
        needs.moves = guided[step]
        if guided[step] { needs.promptGraphs = Set(tuned) }
        return needs
    }

    /// `N` times: `z ← z − λ1 ∇_z L`, and `y ← y − λ2 ∇_y L` of those streams whose prompt is tuned; one loss, and one
    /// backward pass over all streams.
    package mutating func move(_ state: inout SamplerState, at step: SamplerStep) throws {
        try follow(state.rows)
        let objective = try objective.of(state.rows)
        let tuned = tuned.filter { state.streams[$0].prompt != nil }
        var latentRules = state.streams.map { stream in
            let scale =
                settings.learningRateScale == .sigma ? stream.stream.scheduler.level(after: step.index).noise : 1
            return stream.stream.denoiser.modalities.map {
                UpdateRule(settings.optimizer, rate: scale * (settings.learningRate[$0] ?? 0))
            }
        }
        for stream in tuned where settings.promptState == .fresh || promptRules[stream] == nil {
            promptRules[stream] = UpdateRule(
                settings.promptOptimizer, rate: promptRate(state.streams[stream].stream))
        }
        for round in 0..<max(settings.innerSteps, 1) {
            if round > 0 {
                for stream in tuned {  // y has moved: its graph is built anew on the same z_t, when the old one is gone
                    state.streams[stream].noise = []
                    state.streams[stream].prompt = try state.streams[stream].prompt?.leaf()
                    state.streams[stream].noise = try step.predictNoise(state.streams[stream])
                }
            }
            let leaves = try state.streams.map { try $0.latents.map { try $0.detached().leaf() } }
            let cleans = try predictClean(state.streams, leaves, step, round)
            let each = try objective(state.spaces, cleans, step, round: round)  // (rows)
            try history.add(each, of: state.rows)
            let prompts = tuned.compactMap { state.streams[$0].prompt }
            var gradients = try step.observer.timed("backward") {
                try AlignmentObjective.gradients(of: each, leaves.flatMap { $0 } + prompts, through: state.spaces)
            }[...]
            for (stream, modalities) in state.streams.map(\.stream.denoiser.modalities).enumerated() {
                for (place, modality) in modalities.enumerated() {
                    let gradient = gradients.removeFirst()
                    step.record("grad_z", of: modality, gradient, round: round)
                    state.streams[stream].latents[place] = try latentRules[stream][place].update(
                        leaves[stream][place].detached(), gradient: gradient)
                }
            }
            for (stream, gradient) in zip(tuned, gradients) {
                step.record("grad_y", of: state.streams[stream].stream.name, gradient, round: round)
                guard let y = try state.streams[stream].prompt?.detached() else { continue }
                state.streams[stream].prompt = try promptRules[stream]?.update(y, gradient: gradient) ?? y
            }
        }
    }

    package func losses(of rows: [Beginning]) throws -> [[Double]] { try history.losses(of: rows) }

    /// Goes on with the moments of the rows that are left.
    private mutating func follow(_ rows: [Beginning]) throws {
        guard rows != self.rows else { return }
        let places = rows.compactMap { self.rows.firstIndex(of: $0) }
        for stream in promptRules.keys { try promptRules[stream]?.keep(places) }
        self.rows = rows
    }

    /// λ2 of a stream; 0 for one without a prompt.
    private func promptRate(_ stream: DiffusionStream) -> Double { settings.promptLearningRate[stream.name] ?? 0 }

    /// `z̃0` of the latents `leaves`, stream after stream, with its graph.
    private func predictClean(
        _ streams: [StreamState], _ leaves: [[Tensor]], _ step: SamplerStep, _ round: Int
    ) throws -> [Tensor] {
        var cleans: [Tensor] = []
        for (state, leaves) in zip(streams, leaves) {
            let scheduler = state.stream.scheduler
            let level =
                settings.x0Pairing == .official ? scheduler.level(at: step.index) : scheduler.level(after: step.index)
            for (place, space) in state.stream.spaces.enumerated() {
                let clean = try scheduler.predictClean(leaves[place], noise: state.noise[place], at: level)
                step.record("x0", of: space.modality, clean, round: round)
                cleans.append(clean)
            }
        }
        return cleans
    }
}
