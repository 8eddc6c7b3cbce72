internal import Foundation
internal import Torch

/// Sound for pictures: `v2a` and `i2a`.
///
/// Source: paper, eq. 15; diffusers `AudioLDMPipeline.__call__` for prompts, latents and the cut of the waveform.
package struct AudioPipeline: Sendable {
    private let models: AudioModels
    private let binder: BinderModel

    package init(models: AudioModels, binder: BinderModel) {
        self.models = models
        self.binder = binder
    }

    /// Samples of one second of sound.
    package var samplingRate: Int { models.vocoder.configuration.samplingRate }
    /// The factor between the latent that is stored and what the decoder was trained on.
    package var latentScale: Double { models.vae.configuration.scalingFactor ?? 0.18215 }

    /// Makes sounds together. A sample's result depends on its neighbours only through the rounding of batched kernels.
    ///
    /// - Returns: one result for each request, in order.
    /// - Throws: ``TorchError``, of which ``TorchError/isOutOfMemory`` invites smaller calls; ``AlignerError``;
    ///   ``ConfigurationError`` for a number of steps that the schedule does not have; what the observer throws.
    package func generate(
        _ requests: [AudioRequest], _ settings: AudioSettings, observer: (any AlignerObserver)? = nil
    ) throws -> [AudioResult] {
        guard !requests.isEmpty else { return [] }
        let device = models.device
        let scheduler = try SchedulerChoice().scheduler(models.schedule, steps: settings.steps, eta: settings.eta)
        let (prompts, unconditional) = try observer.timed("audio.text") { try embedPrompts(requests) }
        let (conditions, missing) = try observer.timed("conditions") { try self.conditions(requests, settings) }
        let shape = models.latentShape(seconds: settings.seconds)
        let generators = try requests.map { try Generator(seed: $0.seed) }
        let noise = try Tensor.cat(
            generators.map { generator throws(TorchError) in try generator.normal([1] + shape) }, 0
        ).to(device: device)
        let stream = AudioStream(
            models: models, binder: binder.network,
            binderInput: try BinderAudioInput(settings.clipSettings, device: device), scheduler: scheduler,
            unconditional: unconditional, scale: settings.scale, clips: settings.clips, generators: generators)
        let aligner = Aligner(
            guidance: settings.guidance, terms: [AlignmentTerm(.text, .audio), AlignmentTerm(.vision, .audio)],
            conditions: conditions, missing: missing)
        let outcome = try aligner.denoise([stream], latents: [noise], prompts: [prompts], observer: observer)
        let waves = try observer.timed("audio.finish") {
            try stream.decode(outcome.latents[0]).to(.float32, device: .cpu)
        }
        return try results(outcome, waves, samples: Int(settings.seconds * Double(samplingRate)))
    }

    private func embedPrompts(_ requests: [AudioRequest]) throws -> (Tensor, unconditional: Tensor) {
        let prompts = try models.embed(requests.map { $0.caption ?? "" }, limit: models.promptLimit)
        // diffusers cuts negative prompts to the width of the embedding: 512 tokens by coincidence of the numbers.
        let limit = min(prompts.size(1), models.promptLimit)
        return (prompts, try models.embed(requests.map(\.negativePrompt), limit: limit))
    }

    /// Embeds what steers the sounds, once for the whole run; nothing without guidance.
    private func conditions(
        _ requests: [AudioRequest], _ settings: AudioSettings
    ) throws -> ([Modality: Tensor], missing: [Modality: Set<Int>]) {
        guard settings.guidance != nil else { return ([:], [:]) }
        let device = models.device
        let seen = try requests.map { request in
            let input =
                switch request.vision {
                case .clips(let clips): try BinderVisionInput.clips(clips)
                case .picture(let picture): try BinderVisionInput.picture(picture)
                }
            return try binder.network.vision(input.to(models.dtype, device: device)).to(.float32)
        }
        var conditions: [Modality: Tensor] = [.vision: try Tensor.cat(seen, 0)]
        let captions = requests.map(\.caption)
        guard settings.textTerm, captions.contains(where: { $0 != nil }) else { return (conditions, [:]) }
        conditions[.text] = try binder.embed(captions.map { $0 ?? "" }, device: device)
        let missing = Set(captions.indices.filter { captions[$0] == nil })
        return (conditions, missing.isEmpty ? [:] : [.text: missing])
    }

    private func results(_ outcome: Aligner.Outcome, _ waves: Tensor, samples: Int) throws -> [AudioResult] {
        let latents = try outcome.latents[0].to(.float32, device: .cpu)
        return try (0..<waves.size(0)).map { index in
            let wave = try waves.narrow(0, from: index, count: 1).narrow(1, from: 0, count: min(samples, waves.size(1)))
            let latent = try latents.narrow(0, from: index, count: 1).squeeze(0)
            let half = try latent.to(.float16)
            return AudioResult(
                waveform: try wave.floats(), latent: try half.bytes(), latentShape: latent.shape,
                losses: outcome.losses[index], isFinite: try wave.isFinite() && half.isFinite())
        }
    }
}
