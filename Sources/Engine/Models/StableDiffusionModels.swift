package import Checkpoint
package import Networks
package import Torch

/// The networks of a Stable Diffusion folder, and of a motion adapter where videos are made, loaded once for each rank.
package struct StableDiffusionModels: Sendable {
    package let tokenizer: CLIPTokenizer
    package let textEncoder: CLIPTextModel
    package let unet: UNet2DConditionModel
    package let vae: AutoencoderKL
    /// Nil where only images are made.
    package let motion: MotionAdapter?
    package let schedule: SchedulerConfiguration
    package let device: Device
    package let dtype: DType
    private let textWeights: WeightFile

    private static let unetModel = "UNet2DConditionModel"

    /// - Parameters:
    ///   - folder: as published, such as `stable-diffusion-v1-5/stable-diffusion-v1-5`.
    ///   - motion: as published, such as `guoyww/animatediff-motion-adapter-v1-5-2` or `mm_sd_v15_v2.ckpt`.
    ///   - dtype: of weights and activations. nil only checks the files: such a set is not for computing.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(_ folder: ModelFolder, motion: MotionAdapterFiles?, dtype: DType?, device: Device) throws {
        func load<C: Decodable, N>(
            _ component: ModelComponent, _ make: (C, WeightScope) throws -> N, unused: (String) -> Bool = { _ in false }
        ) throws -> N {
            try folder.network(component, dtype: dtype, device: device, make, unused: unused)
        }
        tokenizer = try CLIPTokenizer(folder: folder.path + "/" + ModelComponent.tokenizer.folder)
        textWeights = try folder.weights(.textEncoder)
        textEncoder = try folder.network(
            .textEncoder, file: textWeights, dtype: dtype, device: device, CLIPTextModel.init,
            unused: CLIPTextModel.unused)
        unet = try load(.unet, UNet2DConditionModel.init)
        vae = try load(.vae, AutoencoderKL.init, unused: AutoencoderKL.unused)
        schedule = try folder.config(SchedulerConfiguration.self, of: .scheduler)
        self.motion = try motion.map { try MotionAdapter($0, dtype: dtype, device: device) }
        self.device = device
        self.dtype = dtype ?? .float32
        try checkFit()
    }

    /// Sizes that two components share.
    private func checkFit() throws(ConfigurationError) {
        try checkText()
        let (unet, vae) = (unet.configuration, vae.configuration)
        guard unet.inChannels == vae.latentChannels, unet.outChannels == unet.inChannels else {
            throw ConfigurationError(
                Self.unetModel, "in_channels", found: "\(unet.inChannels)",
                expected: "the VAE's \(vae.latentChannels) latent channels")
        }
        if let type = unet.classEmbedType {
            throw ConfigurationError(Self.unetModel, "class_embed_type", found: type, expected: "null")
        }
        guard vae.outChannels == 3 else {
            throw ConfigurationError(
                "AutoencoderKL", "out_channels", found: "\(vae.outChannels)", expected: "3, an image")
        }
        try motion?.checkFit(unet)
    }

    private func checkText() throws(ConfigurationError) {
        let text = textEncoder.configuration
        guard tokenizer.contextLength <= text.maxPositionEmbeddings else {
            throw ConfigurationError(
                "CLIPTokenizer", "model_max_length", found: "\(tokenizer.contextLength)",
                expected: "at most the text encoder's \(text.maxPositionEmbeddings) positions")
        }
        guard tokenizer.largestID < text.vocabSize else {
            throw ConfigurationError(
                "CLIPTextModel", "vocab_size", found: "\(text.vocabSize)",
                expected: "more than the tokenizer's highest number \(tokenizer.largestID)")
        }
        let widths = unet.contextWidths
        guard widths.allSatisfy({ $0 == text.hiddenSize }) else {
            throw ConfigurationError(
                Self.unetModel, "cross_attention_dim", found: "\(widths)",
                expected: "the text encoder's hidden_size \(text.hiddenSize)")
        }
    }

    /// Embeds prompts as Stable Diffusion reads them: padded to the context's length, and nothing hidden.
    ///
    /// - Returns: `[B, 77, width]`, single precision.
    package func embed(_ prompts: [String]) throws -> Tensor {
        // Used once for each batch: its pages are not worth their room in between.
        defer { textWeights.releasePages() }
        let tokens = tokenizer.encode(prompts)
        let ids = try Tensor(tokens.ids, shape: [tokens.count, tokens.length]).to(device: device)
        return try textEncoder(ids).to(.float32)
    }

    /// The latent of one sample: `[channels, height / 8, width / 8]` of an image, `[channels, frames, height / 8,
    /// width / 8]` of a video.
    ///
    /// - Parameters:
    ///   - frames: of the video; nil for an image.
    ///   - height: in pixels; likewise the width.
    /// - Throws: ``ConfigurationError`` for a size that is no multiple of the decoder's scale, for a video without a motion
    ///   adapter, and for one that is longer than the adapter's positions.
    package func latentShape(frames: Int?, height: Int, width: Int) throws(ConfigurationError) -> [Int] {
        let scale = vae.configuration.scale
        for (field, size) in [("height", height), ("width", width)] where size < scale || !size.isMultiple(of: scale) {
            throw ConfigurationError(
                "AutoencoderKL", field, found: "\(size)", expected: "a positive multiple of \(scale)")
        }
        let place = [height / scale, width / scale]
        guard let frames else { return [unet.configuration.inChannels] + place }
        guard let motion else {
            throw ConfigurationError("MotionAdapter", "frames", found: "\(frames)", expected: "a motion adapter")
        }
        guard (1...motion.maximumFrames).contains(frames) else {
            throw ConfigurationError(
                "MotionAdapter", "frames", found: "\(frames)",
                expected: "a number between 1 and \(motion.maximumFrames)")
        }
        return [unet.configuration.inChannels, frames] + place
    }
}
