internal import Torch

/// What moves latents between the sampler's steps. The loop is ``Sampler``'s; a guide is an algorithm.
package protocol Guide {
    /// Called once before the first step.
    /// - Throws: where it cannot guide these streams.
    mutating func begin(_ streams: [DiffusionStream], samples: Int) throws

    /// What it wants of a step; asked before the step's networks run.
    func needs(at step: Int) -> GuideNeeds

    /// Moves the latents that the scheduler has stepped to, and prompt embeddings. Called at guided steps only.
    mutating func move(_ states: inout [StreamState], at step: SamplerStep) throws

    /// For each sample the loss of every update so far, in order. Asked for once, after the last step: reading them makes
    /// the host wait for the device.
    func losses() throws -> [[Double]]
}

/// What a guide wants of one step.
package struct GuideNeeds: Sendable, Equatable {
    /// Whether it moves anything at this step.
    package let isGuided: Bool
    /// The streams, by place, whose `ε̂` must carry its graph back to the prompt embedding.
    package let promptGraphs: Set<Int>

    package init(isGuided: Bool, promptGraphs: Set<Int> = []) {
        self.isGuided = isGuided
        self.promptGraphs = promptGraphs
    }

    /// A step that the guide leaves alone.
    package static let nothing = GuideNeeds(isGuided: false)
}
