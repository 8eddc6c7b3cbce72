package import Method
package import Networks
package import Torch

/// Makes samples of every task: audio for frames, frames for audio, or both from text, guided or not.
///
/// Source: paper, Algorithm 1 and eq. 14–16; diffusers' `AudioLDMPipeline`, `StableDiffusionPipeline` and
/// `AnimateDiffPipeline` for prompts, latents and the cut of the waveform.
package struct GenerationPipeline: Sendable {
    private let audio: AudioLDMModels?
    private let video: StableDiffusionModels?
    private let coupled: CoupledModels?
    private let binder: BinderModel
    private let list: CaptionList
    /// Keeps the steps' work as it was recorded; nil starts it kernel by kernel.
    package var recorder: WorkRecorder?

    /// - Parameters:
    ///   - audio: nil where no audio is made.
    ///   - video: nil where neither videos nor images are made.
    ///   - coupled: nil where video and audio are not made by one model.
    ///   - captioner: the list of captions that guides read; nil where there is none.
    ///   - recorder: keeps the steps' work as it was recorded, for later calls; nil starts it kernel by kernel. What is
    ///     recorded is not shown to an observer.
    package init(
        audio: AudioLDMModels?, video: StableDiffusionModels?, coupled: CoupledModels? = nil, binder: BinderModel,
        captioner: LabelCaptioner? = nil, recorder: WorkRecorder? = nil
    ) {
        self.recorder = recorder
        self.audio = audio
        self.video = video
        self.coupled = coupled
        self.binder = binder
        list = CaptionList(captioner, audio: audio)
    }

    /// Samples of one second of audio.
    package static let samplingRate = 16_000

    /// The factor between the latent that is stored and what the decoder was trained on.
    package func latentScale(_ modality: Modality) -> Double? {
        let vae =
            switch modality {
            case .audio: audio?.vae
            case .video: video?.vae
            case .caption: nil as AutoencoderKL?
            }
        return vae.map { $0.configuration.scalingFactor ?? 0.18215 }
    }

    /// The list of captions; nil where there is none.
    package var labels: LabelCaptioner? { list.captioner }

    /// What the binder makes of something that steers a sample, `[1, width]`, single precision.
    /// - Parameter clips: how audio is read.
    package func embed(_ condition: GenerationRequest.Condition, _ clips: ClipSettings) throws -> Tensor {
        try binder.embed(condition, clips)
    }

    /// Makes samples together. A sample's result depends on its neighbours only through the rounding of batched kernels.
    ///
    /// - Returns: one result for each request, in order.
    /// - Throws: ``TorchError``, of which ``TorchError/isOutOfMemory`` invites smaller calls; ``SamplerError``, ``AlignerError``;
    ///   ``ConfigurationError`` for numbers that schedule or networks do not have; what the observer throws.
    package func generate(
        _ requests: [GenerationRequest], _ settings: GenerationSettings, observer: (any SamplerObserver)? = nil
    ) throws -> [GenerationResult] {
        guard !requests.isEmpty else { return [] }
        let sampling = settings.sampling
        let makesBoth = sampling.coupled != nil
        let generated = Set(
            (makesBoth || sampling.audio != nil ? [Modality.audio] : [])
                + (makesBoth || sampling.video != nil ? [.video] : []))
        let made =
            generated.count == 2 && !makesBoth && settings.guidance.joint.order == .inTurn
            ? try inTurn(requests, settings, observer)
            : try run(settings, requests.count, observer)(
                requests, generated, captions: requests.map(\.caption), guidance: settings.guidance)
        return made.compactMap { sample in
            guard var best = sample.results.first else { return nil }
            best.others = Array(sample.results.dropFirst())
            return best
        }
    }

    private func run(
        _ settings: GenerationSettings, _ samples: Int, _ observer: (any SamplerObserver)?
    ) -> GenerationRun {
        GenerationRun(
            audio: audio, video: video, coupled: coupled, binder: binder, list: list, settings: settings,
            recording: recorder?.scope(settings, samples: samples), observer: observer)
    }

    /// `p(v | y) · p(a | v, y)`: the video from its caption, by the plain pipeline, then a sound for that video.
    private func inTurn(
        _ requests: [GenerationRequest], _ settings: GenerationSettings, _ observer: (any SamplerObserver)?
    ) throws -> [GenerationRun.Made] {
        let captions = try definite(requests, settings)
        let plain = Guidance(beginnings: settings.guidance.beginnings.ofFirst, hearing: settings.guidance.hearing)
        let videos = try run(settings, requests.count, observer.map { StageObserver($0, stage: 0, of: 2) })(
            requests, [.video], captions: zip(requests, captions).map { $1 ?? $0.caption }, guidance: plain)
        let sounds = try run(settings, requests.count, observer.map { StageObserver($0, stage: 1, of: 2) })(
            requests, [.audio], captions: zip(requests, captions).map { $1 ?? $0.caption },
            given: videos.compactMap { $0.embeddings[.video] }, guidance: settings.guidance)
        return zip(zip(videos, sounds), captions).map { made, caption in
            var (video, sound) = made
            guard let best = video.results.first else { return sound }
            for place in sound.results.indices {
                sound.results[place].video = best.video
                sound.results[place].videoChoice = best.choice
                sound.results[place].definiteCaption = caption
                sound.results[place].isFinite = sound.results[place].isFinite && best.isFinite
            }
            return sound
        }
    }

    /// Captions of the list that say more than the requests' own; nil where those stay.
    private func definite(_ requests: [GenerationRequest], _ settings: GenerationSettings) throws -> [String?] {
        guard let temperature = settings.guidance.joint.definite else { return requests.map { _ in nil } }
        let embedded = try binder.embed(requests.map { $0.caption ?? "" })
        return try requests.enumerated().map { sample, request in
            guard request.caption != nil else { return nil }
            return try list.definite(
                embedded.narrow(0, from: sample, count: 1), temperature: temperature, seed: request.seed)
        }
    }
}

/// Tells of one of several runs of the sampler as a part of them all.
private final class StageObserver: SamplerObserver {
    private let observer: any SamplerObserver
    private let stage: Int
    private let count: Int

    init(_ observer: any SamplerObserver, stage: Int, of count: Int) {
        (self.observer, self.stage, self.count) = (observer, stage, count)
    }

    func willBegin(step: Int, of steps: Int) throws {
        try observer.willBegin(step: stage * steps + step, of: count * steps)
    }
    func mayGoOn() throws { try observer.mayGoOn() }
    func record(_ name: String, _ tensor: Tensor) { observer.record(name, tensor) }
    func override(step: Int, turn: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) {
        observer.override(step: step, turn: turn, modality: modality)
    }
    func willSpend(on stage: String) { observer.willSpend(on: stage) }
    func spent(_ seconds: Double, on stage: String) { observer.spent(seconds, on: stage) }
}

/// Why a pipeline cannot make what it is asked for.
package enum PipelineError: Error, CustomStringConvertible {
    /// A model was not loaded.
    case notLoaded(ModelFamily)
    /// MM-Diffusion was not loaded.
    case noCoupledModel

    package var description: String {
        switch self {
        case .noCoupledModel: "this needs MM-Diffusion's base model, which was not loaded."
        case .notLoaded(let family):
            "this needs \(family.reference), which was not loaded: name it under models.\(family.rawValue) in the job file."
        }
    }
}
