internal import Foundation
package import Torch

/// The diffusion latent aligner: denoises latents and moves them towards their conditions on the way (Algorithm 1).
///
/// Symbols: `z_t` latent, `ε̂` predicted noise, `z̃0` predicted clean latent, `y` prompt embedding, `λ1 λ2` learning
/// rates, `L` the sum of the terms over the samples: never their mean, so that the gradient of a sample does not depend
/// on its neighbours.
///
/// Source: paper, Algorithm 1 and eq. 11–17; the released code's `bind_forward_double_loss` for the preset `official`.
package struct Aligner {
    /// nil: the same steps without guidance (the paper's "vanilla").
    private let guidance: GuidanceOptions?
    private let loss: AlignmentLoss

    /// - Parameters:
    ///   - conditions: embeddings `[B, width]`, single precision; one row for each sample, also for those that `missing`
    ///     names.
    ///   - missing: samples, by index, without a condition, such as those without a caption.
    package init(
        guidance: GuidanceOptions?, terms: [AlignmentTerm], conditions: [Modality: Tensor],
        missing: [Modality: Set<Int>] = [:]
    ) {
        self.guidance = guidance
        loss = AlignmentLoss(terms: terms, conditions: conditions, missing: missing)
    }

    /// What a run leaves.
    package struct Outcome {
        /// The final latent of each stream.
        package let latents: [Tensor]
        /// For each sample the loss of every update, in order; empty without guidance.
        package let losses: [[Double]]
    }

    /// One stream's state between steps.
    private struct State {
        var z: Tensor
        var y: Tensor
        var history = SchedulerHistory()
        /// `ε̂` of the step, with its graph where the prompt is tuned; nil between steps.
        var noise: Tensor?
        /// `z_t`, where the step began.
        var previous: Tensor
        /// Moves `y`.
        var promptRule: UpdateRule?
    }

    /// Runs all steps of one or several streams in lock step.
    ///
    /// - Parameters:
    ///   - streams: with schedules of the same number of steps; a window of timesteps is one of the first stream's.
    ///   - latents: unit noise for each stream.
    ///   - prompts: prompt embedding of each stream.
    /// - Throws: ``AlignerError``, ``TorchError``, and what streams and observer throw.
    package func denoise(
        _ streams: [any LatentStream], latents: [Tensor], prompts: [Tensor], observer: (any AlignerObserver)? = nil
    ) throws -> Outcome {
        guard let lead = streams.first else { return Outcome(latents: [], losses: []) }
        try check(streams, latents, prompts)
        let steps = lead.scheduler.timesteps.count
        let guided = guidance?.guidedSteps(timesteps: lead.scheduler.timesteps) ?? Array(repeating: false, count: steps)
        var states = try zip(streams, zip(latents, prompts)).map { stream, start in
            let scale = stream.scheduler.initialScale
            let z = scale == 1 ? start.0 : try start.0 * scale
            return State(z: z, y: start.1, previous: z)
        }
        var losses = [[Double]](repeating: [], count: latents[0].size(0))
        for step in 0..<steps {
            try observer?.willBegin(step: step, of: steps)
            let guide = guided[step] ? guidance : nil
            for (index, stream) in streams.enumerated() {
                let tuned = guide?.tunes(stream.modality) ?? false
                try advance(stream, &states[index], step: step, tuned: tuned, observer)
            }
            if let guide { try align(streams, &states, step: step, guide, &losses, observer) }
            for (index, stream) in streams.enumerated() {
                states[index].noise = nil
                observer?.record(name(step, stream, "z_out"), states[index].z)
            }
        }
        return Outcome(latents: states.map(\.z), losses: losses)
    }

    private func check(_ streams: [any LatentStream], _ latents: [Tensor], _ prompts: [Tensor]) throws(AlignerError) {
        let samples = Set((latents + prompts).map { $0.size(0) })
        guard latents.count == streams.count, prompts.count == streams.count, samples.count == 1 else {
            throw .unequalSamples(
                streams: streams.count, latents: latents.map { $0.size(0) }, prompts: prompts.map { $0.size(0) })
        }
        let steps = streams.map(\.scheduler.timesteps.count)
        guard Set(steps).count == 1 else {
            throw .unequalSteps(Dictionary(zip(streams.map(\.modality), steps)) { first, _ in first })
        }
        if guidance != nil { try loss.check(with: streams.map(\.modality)) }
    }

    /// `ε̂ = ε_θ(z_t, t, y)`; `z ← scheduler.step(ε̂, t, z_t)`.
    private func advance(
        _ stream: any LatentStream, _ state: inout State, step: Int, tuned: Bool, _ observer: (any AlignerObserver)?
    ) throws {
        let forced = observer?.override(step: step, modality: stream.modality)
        state.previous = forced?.latent ?? state.z
        state.y = try (forced?.prompt ?? state.y).detached()
        if tuned { state.y = try state.y.leaf() }
        observer?.record(name(step, stream, "z_in"), state.previous)
        observer?.record(name(step, stream, "y_in"), state.y)
        let noise = try predictNoise(stream, state, step: step, observer)
        observer?.record(name(step, stream, "eps"), noise)
        state.noise = noise
        let scheduler = stream.scheduler
        state.z = try scheduler.step(
            step, noise: noise.detached(), latent: state.previous, history: &state.history,
            fresh: scheduler.drawsNoise ? stream.freshNoise(like: state.previous) : nil)
        observer?.record(name(step, stream, "z_prev"), state.z)
    }

    /// The network's output, of whatever kind, as `ε̂`.
    private func predictNoise(
        _ stream: any LatentStream, _ state: State, step: Int, _ observer: (any AlignerObserver)?
    ) throws -> Tensor {
        let output = try observer.timed("\(stream.modality).unet") {
            try stream.predictOutput(state.previous, step: step, prompt: state.y)
        }
        return try stream.scheduler.noise(from: output, latent: state.previous, step: step)
    }

    /// `N` times: `z ← z − λ1 ∇_z L`, and `y ← y − λ2 ∇_y L` of those streams whose prompt is tuned; one loss, and one
    /// backward pass over all streams.
    private func align(
        _ streams: [any LatentStream], _ states: inout [State], step: Int, _ guide: GuidanceOptions,
        _ losses: inout [[Double]], _ observer: (any AlignerObserver)?
    ) throws {
        let tuned = streams.indices.filter { guide.tunes(streams[$0].modality) }
        var latentRules = streams.map { UpdateRule(guide.optimizer, rate: guide.learningRates[$0.modality] ?? 0) }
        for index in tuned where guide.promptState == .fresh || states[index].promptRule == nil {
            states[index].promptRule = UpdateRule(
                guide.promptOptimizer, rate: guide.promptLearningRates[streams[index].modality] ?? 0)
        }
        for inner in 0..<guide.innerSteps {
            let tag = inner == 0 ? "" : ".\(inner)"
            if inner > 0 {
                for index in tuned {  // y has moved: its graph is built anew on the same z_t, when the old one is gone
                    states[index].noise = nil
                    states[index].y = try states[index].y.leaf()
                    states[index].noise = try predictNoise(streams[index], states[index], step: step, observer)
                }
            }
            let leaves = try states.map { try $0.z.detached().leaf() }
            let perSample = try measure(streams, states, leaves, step: step, tag, guide.pairing, observer)  // (B)
            for (sample, value) in try perSample.doubles().enumerated() { losses[sample].append(value) }
            let gradients = try observer.timed("backward") {
                try Autograd.gradients(of: perSample.sum(), leaves + tuned.map { states[$0].y })
            }
            for (index, stream) in streams.enumerated() {
                observer?.record(name(step, stream, "grad_z", tag), gradients[index])
                states[index].z = try latentRules[index].update(leaves[index].detached(), gradient: gradients[index])
            }
            for (index, gradient) in zip(tuned, gradients[streams.count...]) {
                observer?.record(name(step, streams[index], "grad_y", tag), gradient)
                let y = try states[index].y.detached()
                states[index].y = try states[index].promptRule?.update(y, gradient: gradient) ?? y
            }
        }
    }

    /// The loss of each sample at the latents `leaves`, `[B]`, with its graph.
    private func measure(
        _ streams: [any LatentStream], _ states: [State], _ leaves: [Tensor], step: Int, _ tag: String,
        _ pairing: GuidanceOptions.CleanPairing, _ observer: (any AlignerObserver)?
    ) throws -> Tensor {
        var embeddings: [Modality: Tensor] = [:]
        for (index, stream) in streams.enumerated() {
            guard let noise = states[index].noise else { continue }
            let scheduler = stream.scheduler
            let level = pairing == .official ? scheduler.level(at: step) : scheduler.level(after: step)
            let clean = try scheduler.predictClean(leaves[index], noise: noise, at: level)
            observer?.record(name(step, stream, "x0", tag), clean)
            let tracing = observer.map { Prefixed($0, name(step, stream, "", tag)) }
            let embedding = try stream.embedding(ofClean: clean, observer: tracing)
            let precise = embedding.dtype == .float64 ? embedding : try embedding.to(.float32)
            observer?.record(name(step, stream, "emb", tag), precise)
            embeddings[stream.modality] = precise
        }
        return try loss(embeddings)
    }

    private func name(_ step: Int, _ stream: any LatentStream, _ what: String, _ tag: String = "") -> String {
        String(format: "%03d", step) + tag + ".\(stream.modality).\(what)"
    }
}

/// Puts the step and the stream before the names that a stream gives its intermediates.
private final class Prefixed: AlignerObserver {
    private let observer: any AlignerObserver
    private let prefix: String

    init(_ observer: any AlignerObserver, _ prefix: String) {
        self.observer = observer
        self.prefix = prefix
    }

    func record(_ name: String, _ tensor: Tensor) { observer.record(prefix + name, tensor) }
    func spent(_ seconds: Double, on stage: String) { observer.spent(seconds, on: stage) }
}
