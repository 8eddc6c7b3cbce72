package import Method
package import Torch

/// The diffusion latent aligner: gradient steps on the latent, and on the prompt embedding, towards the conditions
/// (Algorithm 1).
///
/// Symbols: `z` latent, `z̃0` predicted clean latent, `y` prompt embedding, `λ1 λ2` learning rates, `L` the sum of the terms
/// over the samples: never their mean, so that the gradient of a sample does not depend on its neighbours.
///
/// Source: paper, Algorithm 1 and eq. 11–17; the released code's `bind_forward_double_loss` for the preset `official`.
package struct Aligner: Guide {
    private let settings: AlignerSettings
    private let loss: AlignmentLoss
    private let recording: WorkRecorder.Scope?
    private var guided: [Bool] = []
    /// The streams, by place, whose prompt embedding is moved.
    private var tuned: [Int] = []
    /// What moves the prompt embeddings of ``tuned``.
    private var promptRules: [Int: UpdateRule] = [:]
    private var samples = 0
    /// `[B]` of each update, where they were computed.
    private var measured: [Tensor] = []

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
        self.recording = recording
        loss = try AlignmentLoss(terms: terms, conditions: conditions, missing: missing)
    }

    /// - Throws: ``AlignerError``. A window of timesteps is one of the first stream's.
    package mutating func begin(_ streams: [DiffusionStream], samples: Int) throws {
        try loss.check(with: streams.flatMap(\.denoiser.modalities))
        guided = settings.guidedSteps(timesteps: streams.first?.scheduler.timesteps ?? [])
        tuned = streams.indices.filter { promptRate(streams[$0]) > 0 }
        promptRules = [:]
        self.samples = samples
        measured = []
    }

    package func needs(at step: Int) -> GuideNeeds {
        guided[step] ? GuideNeeds(isGuided: true, promptGraphs: Set(tuned)) : .nothing
    }

    /// `N` times: `z ← z − λ1 ∇_z L`, and `y ← y − λ2 ∇_y L` of those streams whose prompt is tuned; one loss, and one
    /// backward pass over all streams.
    package mutating func move(_ states: inout [StreamState], at step: SamplerStep) throws {
        let streams = step.streams
        let tuned = tuned.filter { states[$0].prompt != nil }
        var latentRules = streams.map { stream in
            stream.denoiser.modalities.map { UpdateRule(settings.optimizer, rate: settings.learningRate[$0] ?? 0) }
        }
        for stream in tuned where settings.promptState == .fresh || promptRules[stream] == nil {
            promptRules[stream] = UpdateRule(settings.promptOptimizer, rate: promptRate(streams[stream]))
        }
        for round in 0..<max(settings.innerSteps, 1) {
            if round > 0 {
                for stream in tuned {  // y has moved: its graph is built anew on the same z_t, when the old one is gone
                    states[stream].noise = []
                    states[stream].prompt = try states[stream].prompt?.leaf()
                    states[stream].noise = try step.predictNoise(streams[stream], states[stream])
                }
            }
            let leaves = try states.map { try $0.latents.map { try $0.detached().leaf() } }
            let perSample = try measure(states, leaves, step, round)  // (B)
            measured.append(try perSample.detached())
            let prompts = tuned.compactMap { states[$0].prompt }
            let scale = Self.gradientScale(streams.flatMap(\.spaces))
            var gradients = try step.observer.timed("backward") {
                try Self.gradients(of: perSample, leaves.flatMap { $0 } + prompts, scale: scale)
            }[...]
            for (stream, modalities) in streams.map(\.denoiser.modalities).enumerated() {
                for (place, modality) in modalities.enumerated() {
                    let gradient = gradients.removeFirst()
                    step.record("grad_z", of: modality, gradient, round: round)
                    states[stream].latents[place] = try latentRules[stream][place].update(
                        leaves[stream][place].detached(), gradient: gradient)
                }
            }
            for (stream, gradient) in zip(tuned, gradients) {
                step.record("grad_y", of: streams[stream].name, gradient, round: round)
                guard let y = try states[stream].prompt?.detached() else { continue }
                states[stream].prompt = try promptRules[stream]?.update(y, gradient: gradient) ?? y
            }
        }
    }

    package func losses() throws -> [[Double]] {
        guard !measured.isEmpty else { return Array(repeating: [], count: samples) }
        let table = try Tensor.stack(measured, 1).doubles()  // (B, updates)
        return (0..<samples).map { Array(table[($0 * measured.count)..<(($0 + 1) * measured.count)]) }
    }

    /// λ2 of a stream; 0 for one without a prompt.
    private func promptRate(_ stream: DiffusionStream) -> Double { settings.promptLearningRate[stream.name] ?? 0 }

    private static func gradientScale(_ spaces: [any LatentSpace]) -> Double { spaces.map(\.gradientScale).max() ?? 1 }

    /// Of the sum over the samples.
    private static func gradients(
        of perSample: Tensor, _ inputs: [Tensor], scale: Double
    ) throws(TorchError) -> [Tensor] {
        let gradients = try Autograd.gradients(of: perSample.sum() * scale, inputs)
        return try gradients.map { gradient throws(TorchError) in scale == 1 ? gradient : try gradient * (1 / scale) }
    }

    /// The loss of each sample at the latents `leaves`, `[B]`, with its graph.
    private func measure(
        _ states: [StreamState], _ leaves: [[Tensor]], _ step: SamplerStep, _ round: Int
    ) throws -> Tensor {
        var spaces: [any LatentSpace] = []
        var cleans: [Tensor] = []
        for (number, stream) in step.streams.enumerated() {
            let scheduler = stream.scheduler
            let level =
                settings.x0Pairing == .official ? scheduler.level(at: step.index) : scheduler.level(after: step.index)
            for (place, space) in stream.spaces.enumerated() {
                let clean = try scheduler.predictClean(
                    leaves[number][place], noise: states[number].noise[place], at: level)
                step.record("x0", of: space.modality, clean, round: round)
                spaces.append(space)
                cleans.append(clean)
            }
        }
        guard let recording else {
            return try loss(Self.embeddings(spaces, cleans, step, round))
        }
        // Recorded as one piece, forward and back; the scheduler's part, whose numbers differ from step to step, is not.
        let inputs = try cleans.map { try $0.detached() } + loss.tensors
        let made = try step.observer.timed("aligner") {
            try recording.run("aligner \(loss.form)", inputs) { [loss, spaces] inputs in
                let leaves = try inputs.prefix(spaces.count).map { try $0.leaf() }
                let perSample = try loss.with(Array(inputs.dropFirst(spaces.count)))(Self.embeddings(spaces, leaves))
                let gradients = try Self.gradients(of: perSample, leaves, scale: Self.gradientScale(spaces))
                return [try perSample.detached()] + gradients
            }
        }
        return try Autograd.value(made[0], of: cleans, gradients: Array(made.dropFirst()))
    }

    /// The binder's embeddings of clean latents, in single precision or double.
    /// - Parameter step: whose observer is shown what comes up; nil where the work is recorded.
    private static func embeddings(
        _ spaces: [any LatentSpace], _ cleans: [Tensor], _ step: SamplerStep? = nil, _ round: Int = 0
    ) throws -> [Modality: Tensor] {
        var embeddings: [Modality: Tensor] = [:]
        for (space, clean) in zip(spaces, cleans) {
            let embedding = try space.embed(clean, observer: step?.tracing(space.modality, round: round))
            let precise = embedding.dtype == .float64 ? embedding : try embedding.to(.float32)
            step?.record("emb", of: space.modality, precise, round: round)
            embeddings[space.modality] = precise
        }
        return embeddings
    }
}
