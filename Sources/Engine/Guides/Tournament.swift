package import Method
internal import Torch

/// A choice among a sample's beginnings by successive halving: at named steps, after their `ε̂`, only the rows whose predicted
/// clean latents the binder scores highest go on, `s(z̃0) = cos(E(D(z̃0)), c)`. Nothing goes backward.
///
/// Of equal scores the lower particle stays, which is what all scores equal leave.
///
/// Source: Jamieson & Talwalkar, successive halving (arXiv 1502.07943); Singhal et al., FK steering (arXiv 2501.06848), for
/// rewards of z̃0 on the way.
package struct Tournament: Guide {
    /// A cut, of one sample.
    package struct Cut: Sendable, Equatable {
        /// From 0.
        package let step: Int
        /// Of every particle that was left, by number. What is not finite stands as −1, the lowest.
        package let scores: [Int: Double]
        /// The particles that went on, the best first.
        package let kept: [Int]
    }

    private let settings: BeginningSettings
    private let score: BinderScore
    private var steps = 0
    /// Rows of each sample.
    private var count = 1
    /// For each sample, in order.
    package private(set) var cuts: [[Cut]] = []

    package init(_ settings: BeginningSettings, score: BinderScore) {
        self.settings = settings
        self.score = score
    }

    package mutating func begin(_ streams: [DiffusionStream], rows: [Beginning]) throws {
        steps = streams.first?.scheduler.timesteps.count ?? 0
        let samples = (rows.map(\.sample).max() ?? -1) + 1
        count = samples == 0 ? 1 : rows.count / samples
        cuts = Array(repeating: [], count: samples)
    }

    package func needs(at step: Int) -> GuideNeeds {
        var needs = GuideNeeds.nothing
        needs.refines = settings.scores(count, at: step, of: steps)
        return needs
    }

    package mutating func refine(_ state: inout SamplerState, at step: SamplerStep) throws {
        guard step.isLastTurn else { return }
        let keep = settings.left(count, after: step.index, of: step.count)
        let scores = try measure(state, step)
        var staying: [Int] = []
        for sample in cuts.indices {
            let places = state.rows.indices.filter { state.rows[$0].sample == sample }
            let best = places.sorted {
                (scores[$0], state.rows[$1].particle) > (scores[$1], state.rows[$0].particle)
            }.prefix(keep)
            cuts[sample].append(
                Cut(
                    step: step.index,
                    scores: Dictionary(
                        places.map { (state.rows[$0].particle, scores[$0]) }, uniquingKeysWith: { first, _ in first }),
                    kept: best.map { state.rows[$0].particle }))
            staying += best
        }
        // A round that keeps all only looks.
        guard keep < count else { return }
        try state.keep(staying)
        count = keep
    }

    /// The score of each row.
    private func measure(_ state: SamplerState, _ step: SamplerStep) throws -> [Double] {
        let cleans = try state.streams.flatMap { try $0.predictClean(at: step.index) }.map { try $0.detached() }
        var scores: [Double] = []
        for piece in step.pieces(of: state.rows.count) {
            var embeddings: [Modality: Tensor] = [:]
            for (space, clean) in zip(state.spaces, cleans) {
                let part = try clean.narrow(0, from: piece.lowerBound, count: piece.count)
                embeddings[space.modality] = try step.observer.timed("score") {
                    try Autograd.disabled { try space.embed(part, observer: nil) }
                }
            }
            let values = try score(embeddings, rows: Array(state.rows[piece]))
            scores += values.map { value in value.flatMap { $0.isFinite ? $0 : -1 } ?? 0 }
        }
        return scores
    }
}
