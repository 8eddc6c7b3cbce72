internal import Torch

/// What moves or chooses among latents on the way. The loop is ``Sampler``'s; a guide is an algorithm. Several may take part.
package protocol Guide {
    /// Called once before the first step.
    /// - Throws: where it cannot guide these streams.
    mutating func begin(_ streams: [DiffusionStream], rows: [Beginning]) throws

    /// What it wants of a step; asked before the step's networks run.
    func needs(at step: Int) -> GuideNeeds

    /// Works on what a step predicts, before the scheduler uses it: changes `ε̂`, or goes on with some rows alone. Called in
    /// every turn of the steps that ask for it.
    mutating func refine(_ state: inout SamplerState, at step: SamplerStep) throws

    /// Moves the latents that the scheduler has stepped to, and prompt embeddings. Called at the end of the steps that ask for
    /// it.
    mutating func move(_ state: inout SamplerState, at step: SamplerStep) throws

    /// For each of these rows the loss of every update of it, in order. Asked for once, after the last step: reading them makes
    /// the host wait for the device.
    func losses(of rows: [Beginning]) throws -> [[Double]]
}

extension Guide {
    package mutating func refine(_ state: inout SamplerState, at step: SamplerStep) throws {}
    package mutating func move(_ state: inout SamplerState, at step: SamplerStep) throws {}
    package func losses(of rows: [Beginning]) throws -> [[Double]] { rows.map { _ in [] } }
}

/// What a guide wants of one step.
package struct GuideNeeds: Sendable, Equatable {
    /// Whether it has part in what the step predicts.
    package var refines = false
    /// Whether it moves latents after the scheduler.
    package var moves = false
    /// How often the step is done, each time from the noise level where it began.
    package var turns = 1
    /// The streams, by place, whose `ε̂` must carry its graph back to the prompt embedding.
    package var promptGraphs: Set<Int> = []
    /// Whether every `ε̂` must carry its graph back to the step's latent.
    package var latentGraphs = false

    package init() {}

    /// A step that the guide leaves alone.
    package static let nothing = GuideNeeds()

    /// What two guides want of the same step.
    func union(_ other: GuideNeeds) -> GuideNeeds {
        var needs = self
        needs.refines = refines || other.refines
        needs.moves = moves || other.moves
        needs.turns = max(turns, other.turns)
        needs.promptGraphs.formUnion(other.promptGraphs)
        needs.latentGraphs = latentGraphs || other.latentGraphs
        return needs
    }
}
