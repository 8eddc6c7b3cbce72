package import Method
package import Torch

/// The decoder of a latent autoencoder: of spectrograms (AudioLDM) or of images (Stable Diffusion).
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

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        try c.check()
        let groups = c.normNumGroups ?? 32
        let eps = 1e-6
        let channels = Array(c.blockOutChannels.reversed())
        let widest = channels[0]
        let d = w("decoder")
        postQuant =
            c.usePostQuantConv ?? true
            ? try Conv2d(w("post_quant_conv"), c.latentChannels, c.latentChannels, kernel: 1) : nil
        convIn = try Conv2d(d("conv_in"), c.latentChannels, widest, kernel: 3, padding: 1)
        midResnets = try (0..<2).map {
            try ResnetBlock2D(
                d("mid_block.resnets")($0), widest, widest, timeWidth: nil, groups: groups, eps: eps)
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
                        groups: groups, eps: eps)
                },
                upsampler: level < channels.count - 1
                    ? try Conv2d(
                        block("upsamplers")(0)("conv"), channels[level], channels[level], kernel: 3, padding: 1)
                    : nil)
        }
        normOut = try GroupNorm(d("conv_norm_out"), channels[channels.count - 1], groups: groups, eps: eps)
        convOut = try Conv2d(
            d("conv_out"), channels[channels.count - 1], c.outChannels, kernel: 3, padding: 1)
    }

    /// Decodes a latent of unit scale, as the denoiser makes it.
    ///
    /// - Parameters:
    ///   - z: `[B, latentChannels, H, W]`; divided by the configuration's `scaling_factor` first.
    ///   - memory: how many of the batch are decoded at once, and what is kept for the gradient.
    /// - Returns: `[B, outChannels, H·f, W·f]` with `f` = ``Configuration/scale``.
    package func decode(_ z: Tensor, memory: MemoryPolicy = .high) throws(TorchError) -> Tensor {
        let scaled = try z * (1 / (configuration.scalingFactor ?? 0.18215))
        let (batch, scale) = (z.size(0), configuration.scale)
        let slice = min(batch, memory.slice(height: scale * z.size(2), width: scale * z.size(3)))
        guard slice < batch else { return try decodeSlice(scaled, memory) }
        let parts = try stride(from: 0, to: batch, by: slice).map { first throws(TorchError) in
            try decodeSlice(scaled.narrow(0, from: first, count: min(slice, batch - first)), memory)
        }
        return try Tensor.cat(parts, 0)
    }

    /// Piece by piece: the lower levels are one each, the highest, whose activations are the largest, one for each
    /// resnet.
    private func decodeSlice(_ z: Tensor, _ memory: MemoryPolicy) throws(TorchError) -> Tensor {
        var h = try memory.run(.plain, [z]) { [self] inputs throws(TorchError) in try entry(inputs[0]) }
        let last = upBlocks.count - 1
        for level in 0..<last {
            h = try memory.run(.plain, [h]) { [self] inputs throws(TorchError) in
                var h = inputs[0]
                for index in upBlocks[level].resnets.indices { h = try body(level, index, h) }
                return h
            }
        }
        let resnets = upBlocks[last].resnets.count
        for index in 0..<resnets {
            h = try memory.run(.bulky, [h]) { [self] inputs throws(TorchError) in
                let h = try body(last, index, inputs[0])
                return index == resnets - 1 ? try convOut(normOut.silu(h)) : h
            }
        }
        return h
    }

    private func entry(_ z: Tensor) throws(TorchError) -> Tensor {
        let z = try z.arrangedAsMap()
        var h = try convIn(postQuant?(z) ?? z)
        h = try midResnets[0](h)
        if let midAttention { h = try midAttention(h) }
        return try midResnets[1](h)
    }

    /// One resnet; the first of a level after the enlargement that leads to it.
    private func body(_ level: Int, _ index: Int, _ x: Tensor) throws(TorchError) -> Tensor {
        var h = x
        if index == 0, level > 0, let upsampler = upBlocks[level - 1].upsampler {
            h = try upsampler(h.upsampledNearest(height: 2 * h.size(2), width: 2 * h.size(3)))
        }
        return try upBlocks[level].resnets[index](h)
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
