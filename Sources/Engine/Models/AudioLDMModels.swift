package import Checkpoint
package import Networks
package import Torch

/// The networks of an AudioLDM folder, loaded once for each rank.
package struct AudioLDMModels: Sendable {
    package let tokenizer: RobertaTokenizer
    package let textEncoder: ClapTextModelWithProjection
    package let unet: UNet2DConditionModel
    package let vae: AutoencoderKL
    package let vocoder: SpeechT5HifiGan
    package let schedule: SchedulerConfiguration
    package let device: Device
    package let dtype: DType
    private let textWeights: WeightFile

    /// - Parameters:
    ///   - folder: as published, such as `cvssp/audioldm-m-full`.
    ///   - dtype: of weights and activations; the spectrogram and the loss are computed in single precision anyway. nil
    ///     only checks the files: such a set is not for computing.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(_ folder: ModelFolder, dtype: DType?, device: Device) throws {
        func load<C: Decodable, N>(
            _ component: ModelComponent, _ make: (C, WeightScope) throws -> N, unused: (String) -> Bool = { _ in false }
        ) throws -> N {
            try folder.network(component, dtype: dtype, device: device, make, unused: unused)
        }
        tokenizer = try RobertaTokenizer(folder: folder.path + "/" + ModelComponent.tokenizer.folder)
        textWeights = try folder.weights(.textEncoder)
        textEncoder = try folder.network(
            .textEncoder, file: textWeights, dtype: dtype, device: device, ClapTextModelWithProjection.init,
            unused: ClapTextModelWithProjection.unused)
        unet = try load(.unet, UNet2DConditionModel.init)
        vae = try load(.vae, AutoencoderKL.init, unused: AutoencoderKL.unused)
        vocoder = try load(.vocoder, SpeechT5HifiGan.init)
        schedule = try folder.config(SchedulerConfiguration.self, of: .scheduler)
        self.device = device
        self.dtype = dtype ?? .float32
        try checkFit()
    }

    /// Sizes that two components share.
    private func checkFit() throws(ConfigurationError) {
        let unet = unet.configuration
        guard unet.inChannels == vae.configuration.latentChannels, unet.outChannels == unet.inChannels else {
            throw ConfigurationError(
                "UNet2DConditionModel", "in_channels", found: "\(unet.inChannels)",
                expected: "the VAE's \(vae.configuration.latentChannels) latent channels")
        }
        let width = textEncoder.configuration.projectionDim
        guard unet.projectionClassEmbeddingsInputDim == width, unet.classEmbedType != nil else {
            throw ConfigurationError(
                "UNet2DConditionModel", "projection_class_embeddings_input_dim",
                found: unet.projectionClassEmbeddingsInputDim.map { "\($0)" } ?? "null",
                expected: "the text encoder's projection_dim \(width)")
        }
        guard vae.configuration.outChannels == 1 else {
            throw ConfigurationError(
                "AutoencoderKL", "out_channels", found: "\(vae.configuration.outChannels)", expected: "1, a spectrogram"
            )
        }
        guard vocoder.configuration.samplingRate == 16_000 else {
            throw ConfigurationError(
                "SpeechT5HifiGan", "sampling_rate", found: "\(vocoder.configuration.samplingRate)",
                expected: "16000, the binder's rate")
        }
    }

    /// Embeds prompts as AudioLDM reads them.
    ///
    /// Padding beyond the longest prompt is left out: the mask hides it anyway.
    /// - Parameter limit: tokens, the ends included; longer prompts are cut.
    /// - Returns: `[B, width]`, unit length, single precision.
    package func embed(_ prompts: [String], limit: Int) throws -> Tensor {
        // Used once for each batch: its pages are not worth their room in between.
        defer { textWeights.releasePages() }
        let tokens = tokenizer.encode(prompts, limit: limit)
        let shape = [tokens.count, tokens.length]
        let ids = try Tensor(tokens.ids, shape: shape).to(device: device)
        let mask = try Tensor(tokens.mask, shape: shape).to(dtype, device: device)
        return try textEncoder(ids: ids, mask: mask).to(.float32).normalized()
    }

    /// Tokens that a prompt may have.
    package var promptLimit: Int { tokenizer.maximumLength ?? textEncoder.configuration.maxPositionEmbeddings - 2 }

    /// The latent of one sample, `[channels, frames, bins]`, for a length in seconds.
    ///
    /// Source: diffusers `pipelines/audioldm/pipeline_audioldm.py`, `__call__` and `prepare_latents`.
    package func latentShape(duration: Double) -> [Int] {
        let vocoder = vocoder.configuration
        let frameSeconds = Double(vocoder.samplesPerFrame) / Double(vocoder.samplingRate)
        let scale = vae.configuration.scale
        let frames = (Int(duration / frameSeconds) + scale - 1) / scale
        return [unet.configuration.inChannels, max(frames, 1), vocoder.modelInDim / scale]
    }
}
