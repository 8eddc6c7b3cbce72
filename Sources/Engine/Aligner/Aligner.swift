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
    private let terms: [AlignmentTerm]
    /// Embeddings of the conditions, `[B, width]`, single precision.
    private let conditions: [Modality: Tensor]
    /// Samples that have no such condition: the terms that involve it count nothing for them.
    private let missing: [Modality: Set<Int>]
    private let eta: Double

    /// - Parameters:
    ///   - conditions: one row for each sample, also for those that `missing` names.
    ///   - missing: samples, by index, without a condition, such as those without a caption.
    package init(
        guidance: GuidanceOptions?, terms: [AlignmentTerm], conditions: [Modality: Tensor],
        missing: [Modality: Set<Int>] = [:], eta: Double = 0
    ) {
        self.guidance = guidance
        self.terms = terms
        self.conditions = conditions
        self.missing = missing
        self.eta = eta
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
        var noise: Tensor?
        var previous: Tensor
        /// Of the prompt embedding, where it lives through the run.
        var promptRule: UpdateRule?
    }

    /// Runs all steps of one or several streams in lock step.
    ///
    /// - Parameters:
    ///   - streams: with schedules of the same number of steps.
    ///   - latents: initial noise of each stream.
    ///   - prompts: prompt embedding of each stream.
    package func denoise(
        _ streams: [any LatentStream], latents: [Tensor], prompts: [Tensor], observer: (any AlignerObserver)? = nil
    ) throws -> Outcome {
        guard let lead = streams.first else { return Outcome(latents: [], losses: []) }
        let present = Set(conditions.keys).union(streams.map(\.modality))
        guard guidance == nil || terms.contains(where: { present.isSuperset(of: [$0.first, $0.second]) }) else {
            throw AlignerError.nothingToAlign(terms)
        }
        let steps = lead.scheduler.timesteps.count
        let guided = guidance?.guidedSteps(timesteps: lead.scheduler.timesteps) ?? Array(repeating: false, count: steps)
        var states = zip(latents, prompts).map { State(z: $0, y: $1, noise: nil, previous: $0) }
        var losses = [[Double]](repeating: [], count: latents[0].size(0))
        for step in 0..<steps {
            try observer?.willBegin(step: step, of: steps)
            let guide = guided[step] ? guidance : nil
            for (index, stream) in streams.enumerated() {
                let tuned = (guide?.promptRate(stream.modality) ?? 0) > 0
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

    /// `ε̂ = ε_θ(z_t, t, y)`; `z ← scheduler.step(ε̂, t, z_t)`.
    private func advance(
        _ stream: any LatentStream, _ state: inout State, step: Int, tuned: Bool, _ observer: (any AlignerObserver)?
    ) throws {
        let forced = observer?.override(step: step, modality: stream.modality)
        state.previous = forced?.latent ?? state.z
        state.y = try (forced?.prompt ?? state.y).detached()
        if tuned { state.y = try state.y.leaf() }
        let (z, y) = (state.previous, state.y)
        observer?.record(name(step, stream, "z_in"), z)
        observer?.record(name(step, stream, "y_in"), y)
        let noise = try observer.timed("\(stream.modality).unet") { try stream.predictOutput(z, step: step, prompt: y) }
        observer?.record(name(step, stream, "eps"), noise)
        state.noise = noise
        state.z = try stream.scheduler.step(
            step, noise: noise.detached(), latent: z, eta: eta,
            fresh: eta > 0 ? stream.freshNoise(like: z) : nil)
        observer?.record(name(step, stream, "z_prev"), state.z)
    }

    /// `N` times: `z ← z − λ1 ∇_z L`, and `y ← y − λ2 ∇_y L` where a stream's prompt is tuned.
    private func align(
        _ streams: [any LatentStream], _ states: inout [State], step: Int, _ guide: GuidanceOptions,
        _ losses: inout [[Double]], _ observer: (any AlignerObserver)?
    ) throws {
        let tuned = streams.indices.filter { guide.promptRate(streams[$0].modality) > 0 }
        var latentRules = streams.map { UpdateRule(guide.optimizer, rate: guide.learningRates[$0.modality] ?? 0) }
        for index in tuned where guide.promptState == .fresh || states[index].promptRule == nil {
            states[index].promptRule = UpdateRule(
                guide.promptOptimizer, rate: guide.promptRate(streams[index].modality))
        }
        for inner in 0..<guide.innerSteps {
            let tag = inner == 0 ? "" : ".\(inner)"
            var embeddings = conditions
            var leaves: [Tensor] = []
            for (index, stream) in streams.enumerated() {
                if inner > 0, tuned.contains(index) {  // y has moved: its graph is built anew on the same z_t
                    states[index].y = try states[index].y.leaf()
                    states[index].noise = try stream.predictOutput(
                        states[index].previous, step: step, prompt: states[index].y)
                }
                let z = try states[index].z.detached().leaf()
                guard let noise = states[index].noise else { continue }
                let scheduler = stream.scheduler
                let alpha = guide.pairing == .official ? scheduler.alpha(at: step) : scheduler.alpha(after: step)
                let clean = try scheduler.predictClean(z, noise: noise, alpha: alpha)
                observer?.record(name(step, stream, "x0", tag), clean)
                let tracing = observer.map { Prefixed($0, name(step, stream, "", tag)) }
                embeddings[stream.modality] = try stream.embedding(ofClean: clean, observer: tracing).to(.float32)
                embeddings[stream.modality].map { observer?.record(name(step, stream, "emb", tag), $0) }
                leaves.append(z)
            }
            let perSample = try loss(embeddings)  // (B)
            for (sample, value) in try perSample.doubles().enumerated() { losses[sample].append(value) }
            let inputs = leaves + tuned.map { states[$0].y }
            let gradients = try observer.timed("backward") { try Autograd.gradients(of: perSample.sum(), inputs) }
            for (index, stream) in streams.enumerated() {
                observer?.record(name(step, stream, "grad_z", tag), gradients[index])
                states[index].z = try latentRules[index].update(leaves[index].detached(), gradient: gradients[index])
            }
            for (place, index) in tuned.enumerated() {
                let gradient = gradients[streams.count + place]
                observer?.record(name(step, streams[index], "grad_y", tag), gradient)
                let y = try states[index].y.detached()
                states[index].y = try states[index].promptRule?.update(y, gradient: gradient) ?? y
            }
        }
    }

    /// The sum of the terms for each sample (eq. 14–16).
    private func loss(_ embeddings: [Modality: Tensor]) throws -> Tensor {
        var total: Tensor?
        for term in terms {
            guard let a = embeddings[term.first], let b = embeddings[term.second] else { continue }
            var distance = try (cosine(a, b) * -1) + 1
            let absent = missing.filter { term.involves($0.key) }.values.reduce(into: Set()) { $0.formUnion($1) }
            if !absent.isEmpty {
                let present = (0..<distance.count).map { Float(absent.contains($0) ? 0 : 1) }
                distance = try distance * Tensor(present, shape: [present.count]).to(device: distance.device)
            }
            total = try total.map { try $0 + distance } ?? distance
        }
        guard let total else { throw AlignerError.nothingToAlign(terms) }
        return total
    }

    /// As `torch.nn.functional.cosine_similarity`: scales of the embeddings cancel.
    private func cosine(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        try (a / a.norm(1, keep: true).clamped(1e-8) * (b / b.norm(1, keep: true).clamped(1e-8))).sum([1])
    }

    private func name(_ step: Int, _ stream: any LatentStream, _ what: String, _ tag: String = "") -> String {
        String(format: "%03d", step) + tag + ".\(stream.modality).\(what)"
    }
}

/// Why a run could not be guided.
package enum AlignerError: Error, CustomStringConvertible {
    /// None of the terms has both of its embeddings: neither a condition nor a caption was given.
    case nothingToAlign([AlignmentTerm])

    package var description: String {
        switch self {
        case .nothingToAlign(let terms):
            "guidance needs a condition: none of the terms "
                + terms.map { "(\($0.first), \($0.second))" }.joined(separator: " ") + " has both of its sides."
        }
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
