package import Method
package import Torch

/// Guidance in the predicted noise: `g = ∇ L(z̃0)`, `ε̂ ← ε̂ + w · g / rms(g)`, and then the scheduler's step from the new ε̂;
/// guided steps are done several times, from the same noise level.
///
/// The push has one size whatever the gradient's, for each row its own (`rms` over the row's elements). The gradient is taken
/// with respect to z̃0 alone, or to the step's latent through the denoiser. Done over, a step lets the denoiser take back what no
/// sound or picture has.
///
/// Source: Dhariwal & Nichol (arXiv 2105.05233), Algorithm 2: guidance as a change of ε̂; Yu et al., FreeDoM (arXiv 2303.09833):
/// the size, and time travel; Chung et al., DPS (arXiv 2209.14687): the way through the denoiser.
package struct NoiseGuidance: Guide {
    private let settings: NoiseGuidanceSettings
    private let objective: AlignmentObjective
    private var steps = 0
    private var history = LossHistory()

    /// - Parameters:
    ///   - conditions: embeddings `[B, width]`, single precision, one row for each sample.
    ///   - missing: samples, by index, without a condition.
    ///   - captionWeights: what the caption's term counts for each sample, 0 … 1; nil: 1.
    ///   - recording: where loss and gradient are recorded; nil computes them call by call.
    package init(
        _ settings: NoiseGuidanceSettings, terms: [AlignmentTerm], conditions: [Modality: Tensor],
        missing: [Modality: Set<Int>] = [:], captionWeights: [Double]? = nil, recording: WorkRecorder.Scope? = nil
    ) throws(TorchError) {
        self.settings = settings
        objective = AlignmentObjective(
            loss: try AlignmentLoss(
                terms: terms, conditions: conditions, missing: missing, captionWeights: captionWeights),
            recording: recording)
    }

    /// - Throws: ``AlignerError``.
    package mutating func begin(_ streams: [DiffusionStream], rows: [Beginning]) throws {
        try objective.loss.check(with: streams.flatMap(\.denoiser.modalities))
        steps = streams.first?.scheduler.timesteps.count ?? 0
        history = LossHistory()
    }

    package func needs(at step: Int) -> GuideNeeds {
        guard settings.strength > 0, settings.guides(step, of: steps) else { return .nothing }
        var needs = GuideNeeds.nothing
        needs.refines = true
        needs.turns = settings.turns(at: step, of: steps)
        needs.latentGraphs = settings.through == .denoiser
        return needs
    }

    package mutating func refine(_ state: inout SamplerState, at step: SamplerStep) throws {
        let objective = try objective.of(state.rows)
        // By stream and modality, in pieces that the networks can take.
        var pushes = state.streams.map { $0.noise.map { _ in [Tensor]() } }
        var losses: [Tensor] = []
        let cleans = try state.streams.map { try $0.predictClean(at: step.index) }
        let pieces = step.pieces(of: state.rows.count)
        for piece in pieces {
            func part(_ tensor: Tensor) throws -> Tensor {
                pieces.count == 1 ? tensor : try tensor.narrow(0, from: piece.lowerBound, count: piece.count)
            }
            var parts = try cleans.flatMap { $0 }.map(part)
            if settings.through == .clean { parts = try parts.map { try $0.detached().leaf() } }
            for (space, clean) in zip(state.spaces, parts) {
                step.record("x0", of: space.modality, clean, round: step.turn)
            }
            let each = try objective.narrowed(to: piece)(state.spaces, parts, step, round: step.turn)
            losses.append(try each.detached())
            let inputs = settings.through == .clean ? parts : state.streams.flatMap(\.previous)
            var gradients = try step.observer.timed("backward") {
                try AlignmentObjective.gradients(of: each, inputs, through: state.spaces)
            }[...]
            for stream in pushes.indices {
                for place in pushes[stream].indices {
                    let gradient = gradients.removeFirst()
                    // Through the denoiser the gradient is one of all rows, and not zero in those of the piece.
                    pushes[stream][place].append(settings.through == .clean ? gradient : try part(gradient))
                }
            }
        }
        try history.add(Tensor.cat(losses, 0), of: state.rows)
        for stream in pushes.indices {
            for (place, modality) in state.streams[stream].stream.denoiser.modalities.enumerated() {
                let g = try Tensor.cat(pushes[stream][place], 0)
                step.record("grad_x0", of: modality, g, round: step.turn)
                let others = Array(1..<g.rank)
                let size = try g.square().mean(others, keep: true).sqrt().clamped(1e-12)
                state.streams[stream].noise[place] = try state.streams[stream].noise[place].detached().adding(
                    g / size, scaledBy: settings.strength)
                step.record("eps_guided", of: modality, state.streams[stream].noise[place], round: step.turn)
            }
        }
    }

    package func losses(of rows: [Beginning]) throws -> [[Double]] { try history.losses(of: rows) }
}
