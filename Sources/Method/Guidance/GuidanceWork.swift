/// What the networks are asked for one sample of one modality, counted.
package struct GuidanceWork: Sendable, Equatable {
    /// Questions to the denoiser, of all beginnings, turns and steps.
    package var denoised = 0
    /// Predictions that are decoded and embedded, with no gradient.
    package var scored = 0
    /// Predictions that are decoded and embedded, with the way back.
    package var updated = 0
    /// Finished samples.
    package var finished = 1

    /// - Parameters:
    ///   - modality: what is generated.
    ///   - timesteps: of the run, the noisiest first.
    ///   - questions: how often each step asks the network; nil: once.
    ///   - isFirst: of a video whose sound follows: it has no gradients, and one of it is finished.
    package init(
        _ guidance: Guidance, _ modality: Modality, timesteps: [Double], questions: [Int]? = nil, isFirst: Bool = false
    ) {
        let steps = timesteps.count
        let beginnings = isFirst ? guidance.beginnings.ofFirst : guidance.beginnings
        var rows = beginnings.count(of: modality)
        let aligner: AlignerSettings? =
            if case .aligner(let settings) = guidance.gradient, !isFirst { settings } else { nil }
        let guided = aligner?.guidedSteps(timesteps: timesteps) ?? []
        for step in 0..<steps {
            var (turns, pushes) = (1, 0)
            if case .noise(let noise) = guidance.gradient, !isFirst {
                (turns, pushes) = (noise.turns(at: step, of: steps), noise.updates(at: step, of: steps))
            }
            denoised += rows * turns * (questions?[step] ?? 1)
            let left = beginnings.left(rows, after: step, of: steps)
            if beginnings.scores(rows, at: step, of: steps) { scored += rows }
            // All turns but the last push what is not cut yet.
            if pushes > 0 { updated += rows * (pushes - 1) + left }
            rows = left
            if let aligner, guided[step] { updated += rows * aligner.innerSteps }
        }
        finished = rows
    }
}
