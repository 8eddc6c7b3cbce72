package import Torch

/// The decoder of a latent autoencoder: of spectrograms (AudioLDM) or of pictures (Stable Diffusion).
///
/// Source: diffusers `models/autoencoders/autoencoder_kl.py` and `vae.py`, `Decoder`; keys are its state dict's, the
/// middle attention also under its names from before diffusers 0.17 (`query`, `key`, `value`, `proj_attn`).
package struct AutoencoderKL: Sendable {
    package let configuration: Configuration
    private let postQuant: Conv2d?
    private let convIn: Conv2d
    private let midResnets: [ResnetBlock2D]
    private let midAttention: VAEAttention?
    private let upBlocks: [Level]
    private let normOut: GroupNorm
    private let convOut: Conv2d

    private struct Level: Sendable {
        let resnets: [ResnetBlock2D]
        let upsampler: Conv2d?
    }

    /// Keys of parts that this program has no use for.
    package static func unused(_ key: String) -> Bool { key.hasPrefix("encoder.") || key.hasPrefix("quant_conv.") }

    /// - Throws: ``ConfigurationError``, ``WeightError``.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        try c.check()
        let groups = c.normNumGroups ?? 32
        let eps = 1e-6
        let layout = ConvolutionLayout.channelsLast
        let channels = Array(c.blockOutChannels.reversed())
        let widest = channels[0]
        let d = w("decoder")
        postQuant =
            c.usePostQuantConv ?? true
            ? try Conv2d(w("post_quant_conv"), c.latentChannels, c.latentChannels, kernel: 1, layout: layout) : nil
        convIn = try Conv2d(d("conv_in"), c.latentChannels, widest, kernel: 3, padding: 1, layout: layout)
        midResnets = try (0..<2).map {
            try ResnetBlock2D(
                d("mid_block.resnets")($0), widest, widest, timeWidth: nil, groups: groups, eps: eps, layout: layout)
        }
        midAttention =
            c.midBlockAddAttention ?? true
            ? try VAEAttention(d("mid_block.attentions")(0), channels: widest, groups: groups, eps: eps) : nil
        upBlocks = try channels.indices.map { level in
            let block = d("up_blocks")(level)
            let inputs = level == 0 ? widest : channels[level - 1]
            return Level(
                resnets: try (0..<c.layersPerBlock + 1).map { layer in
                    try ResnetBlock2D(
                        block("resnets")(layer), layer == 0 ? inputs : channels[level], channels[level], timeWidth: nil,
                        groups: groups, eps: eps, layout: layout)
                },
                upsampler: level < channels.count - 1
                    ? try Conv2d(
                        block("upsamplers")(0)("conv"), channels[level], channels[level], kernel: 3, padding: 1,
                        layout: layout)
                    : nil)
        }
        normOut = try GroupNorm(d("conv_norm_out"), channels[channels.count - 1], groups: groups, eps: eps)
        convOut = try Conv2d(
            d("conv_out"), channels[channels.count - 1], c.outChannels, kernel: 3, padding: 1, layout: layout)
    }

    /// Decodes a latent of unit scale, as the denoiser makes it.
    ///
    /// - Parameter z: `[B, latentChannels, H, W]`; divided by the configuration's `scaling_factor` first.
    /// - Returns: `[B, outChannels, H·f, W·f]` with `f` = ``Configuration/scale``.
    package func decode(_ z: Tensor) throws(TorchError) -> Tensor {
        var h = try z * (1 / (configuration.scalingFactor ?? 0.18215))
        if let postQuant { h = try postQuant(h) }
        h = try midResnets[0](convIn(h))
        if let midAttention { h = try midAttention(h) }
        h = try midResnets[1](h)
        for block in upBlocks {
            for resnet in block.resnets { h = try resnet(h) }
            if let upsampler = block.upsampler {
                h = try upsampler(h.upsampledNearest(height: 2 * h.size(2), width: 2 * h.size(3)))
            }
        }
        return try convOut(normOut.silu(h))
    }
}

extension AutoencoderKL {
    /// `config.json`, by diffusers' names.
    package struct Configuration: Decodable, Sendable {
        package let outChannels: Int
        package let latentChannels: Int
        package let blockOutChannels: [Int]
        package let upBlockTypes: [String]
        package let layersPerBlock: Int
        package let normNumGroups: Int?
        package let actFn: String?
        package let scalingFactor: Double?
        package let shiftFactor: Double?
        package let usePostQuantConv: Bool?
        package let midBlockAddAttention: Bool?

        enum CodingKeys: String, CodingKey {
            case outChannels = "out_channels"
            case latentChannels = "latent_channels"
            case blockOutChannels = "block_out_channels"
            case upBlockTypes = "up_block_types"
            case layersPerBlock = "layers_per_block"
            case normNumGroups = "norm_num_groups"
            case actFn = "act_fn"
            case scalingFactor = "scaling_factor"
            case shiftFactor = "shift_factor"
            case usePostQuantConv = "use_post_quant_conv"
            case midBlockAddAttention = "mid_block_add_attention"
        }

        /// Elements of the output for one of the latent, along each side.
        package var scale: Int { 1 << max(blockOutChannels.count - 1, 0) }

        fileprivate func check() throws(ConfigurationError) {
            let model = "AutoencoderKL"
            let sizes = blockOutChannels + [outChannels, latentChannels, layersPerBlock, normNumGroups ?? 32]
            guard !blockOutChannels.isEmpty, sizes.allSatisfy({ $0 > 0 }), blockOutChannels.count < 16 else {
                throw ConfigurationError(
                    model, "block_out_channels", found: "\(blockOutChannels)", expected: "1 to 15 positive numbers")
            }
            if let type = upBlockTypes.first(where: { $0 != "UpDecoderBlock2D" }) {
                throw ConfigurationError(model, "up_block_types", found: type, expected: "UpDecoderBlock2D")
            }
            if let actFn, actFn != "silu" {
                throw ConfigurationError(model, "act_fn", found: actFn, expected: "silu")
            }
            if let shiftFactor, shiftFactor != 0 {
                throw ConfigurationError(model, "shift_factor", found: "\(shiftFactor)", expected: "null")
            }
        }
    }
}
