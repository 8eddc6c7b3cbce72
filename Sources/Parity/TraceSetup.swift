internal import ClipSampling
internal import Engine
internal import Foundation
package import Goldens
internal import Method
internal import Networks
package import Torch

/// What a run of a ``TraceCase`` begins with, made from what the traces hold.
struct TraceSetup {
    private(set) var streams: [DiffusionStream] = []
    private(set) var latents: [Tensor] = []
    private(set) var prompts: [Tensor] = []
    private(set) var conditions: [Modality: Tensor] = [:]
    /// What was computed on the way that the traces hold, for each sample.
    private(set) var values: [[String: Tensor]]

    private let item: TraceCase
    private let goldens: [GoldenTrace]
    private let models: ParityModels

    init(_ item: TraceCase, _ goldens: [GoldenTrace], _ models: ParityModels, _ data: GoldenData) throws {
        self.item = item
        self.goldens = goldens
        self.models = models
        values = goldens.map { _ in [:] }
        let binder = try models.binder.network
        if item.hasCaption {
            let text = try binder.text(place(batched("cond.text_ids")))
            conditions[.caption] = try state(text)
            try keep("cond.text", text)
        }
        switch item.task {
        case .v2a, .i2a: try see(binder)
        case .a2v, .a2i: try hear(binder, data)
        case .joint, .mm: break
        }
        if item.task != .a2v && item.task != .a2i { try addAudio(binder) }
        if item.task != .v2a && item.task != .i2a { try addFrames(binder) }
    }

    // MARK: - Conditions

    /// The frames or the image that steers audio.
    private mutating func see(_ binder: ImageBindModel) throws {
        var embeddings: [Tensor] = []
        for (index, golden) in goldens.enumerated() {
            let isImage = golden.holds("input.image")
            let input =
                try isImage ? ImageBindVisionInput.image(golden.image()) : ImageBindVisionInput.clips(golden.clips())
            if golden.holds("cond.vision_in") { values[index][isImage ? "cond.image_in" : "cond.clips_in"] = input }
            let embedding = try binder.vision(place(input).to(models.dtype))
            if golden.holds("cond.vision") { values[index]["cond.vision"] = embedding }
            embeddings.append(embedding)
        }
        conditions[.video] = try state(Tensor.cat(embeddings, 0))
    }

    /// The audio that steers frames: the same for all of them.
    private mutating func hear(_ binder: ImageBindModel, _ data: GoldenData) throws {
        let wave = try place(data.sound()).to(models.stateType)
        let heard = try ImageBindAudioInput(.imageBind, device: models.device)(
            wave.reshape([1, 1, wave.count]), clips: 2)
        let embedding = try binder.audio(heard.to(models.dtype))
        for (index, golden) in goldens.enumerated() {
            if golden.holds("cond.audio_in") { values[index]["cond.audio_in"] = heard }
            if golden.holds("cond.audio") { values[index]["cond.audio"] = embedding }
        }
        conditions[.audio] = try state(Tensor.cat(goldens.map { _ in embedding }, 0))
    }

    // MARK: - Streams

    private mutating func addAudio(_ binder: ImageBindModel) throws {
        let audio = try models.audio
        func embed(_ name: String) throws -> Tensor {
            let ids = try batched(name)
            let mask = try Tensor(ids.integers().map { $0 == 1 ? Float(0) : 1 }, shape: ids.shape)
            return try state(audio.textEncoder(ids: place(ids), mask: place(mask).to(models.dtype))).normalized()
        }
        let (prompt, negative) = (try embed("audio.ids"), try embed("audio.neg_ids"))
        try keep("audio.text_embeds", prompt)
        try keep("audio.neg_embeds", negative)
        streams.append(
            DiffusionStream(
                denoiser: try AudioDenoiser(audio, unconditional: negative, scale: 2.5, memory: item.memory),
                scheduler: try SamplerSettings().scheduler(audio.schedule, steps: item.steps),
                spaces: [
                    try AudioLatentSpace(
                        audio, binder: binder, clipSettings: .imageBind, clips: 2, memory: item.memory)
                ]))
        latents.append(try state(place(batched("audio.noise"))))
        prompts.append(prompt)
    }

    private mutating func addFrames(_ binder: ImageBindModel) throws {
        let video = try models.video
        let prompt = try state(embed(item.prompts, video))
        let negative = try state(embed(item.prompts.map { _ in item.negativePrompt }, video))
        try keep("vision.text_embeds", prompt)
        try keep("vision.neg_embeds", negative)
        // As AnimateDiff is run with Stable Diffusion 1.5, and as that is run alone.
        let sampler =
            item.frames == nil ? SamplerSettings() : SamplerSettings(betaSchedule: .linear, timestepSpacing: .linspace)
        // What the reference reads of them at 4 frames a second.
        let clips = item.frames.map {
            ClipTimes.frames(count: $0, rate: 4, clipDuration: 1, clips: 2, perClip: 2)
        }
        let noise = try state(place(batched("vision.noise")))
        let scale = video.vae.configuration.scale
        streams.append(
            DiffusionStream(
                denoiser: try VideoDenoiser(video, unconditional: negative, scale: 7.5, memory: item.memory),
                scheduler: try sampler.scheduler(video.schedule, steps: item.steps),
                spaces: [
                    try VideoLatentSpace(
                        video, binder: binder, clipFrames: clips, frames: item.frames ?? 1,
                        height: scale * noise.size(-2),
                        width: scale * noise.size(-1), memory: item.memory)
                ]))
        latents.append(noise)
        prompts.append(prompt)
    }

    /// As ``StableDiffusionModels/embed(_:)``, in whatever precision the network has.
    private func embed(_ prompts: [String], _ video: StableDiffusionModels) throws -> Tensor {
        let tokens = video.tokenizer.encode(prompts)
        return try video.textEncoder(place(Tensor(tokens.ids, shape: [tokens.count, tokens.length])))
    }

    // MARK: - Parts

    private func batched(_ name: String) throws -> Tensor { try Tensor.cat(goldens.map { try $0.tensor(name) }, 0) }

    private func place(_ tensor: Tensor) throws -> Tensor { try tensor.to(device: models.device) }

    /// In the type that a run keeps between its steps.
    private func state(_ tensor: Tensor) throws -> Tensor { try tensor.to(models.stateType) }

    private mutating func keep(_ name: String, _ tensor: Tensor) throws {
        for (index, golden) in goldens.enumerated() where golden.holds(name) {
            values[index][name] = try tensor.sample(index, of: goldens.count)
        }
    }
}

extension GoldenData {
    /// The audio that steers frames in the traces: `[samples]` at 16 kHz.
    package func sound() throws -> Tensor {
        try GoldenFile(at: traces.appending(path: "sound.safetensors")).tensor("wave")
    }
}

extension GoldenTrace {
    /// The image that steers the audio.
    func image() throws -> Image { try image(tensor("input.image")) }

    /// The clips that do: two of one second at 8 frames a second, their first and last frames.
    func clips() throws -> [[Image]] {
        let frames = try tensor("input.frames")
        return try [[0, 7], [8, 15]].map {
            try $0.map { try image(frames.narrow(0, from: $0, count: 1).squeeze(0)) }
        }
    }

    private func image(_ tensor: Tensor) throws -> Image {
        guard let image = Image(width: tensor.size(1), height: tensor.size(0), pixels: try tensor.contiguous().bytes())
        else { throw GoldenError.unreadable(path: name, reason: "its input of shape \(tensor.shape) is no image") }
        return image
    }
}
