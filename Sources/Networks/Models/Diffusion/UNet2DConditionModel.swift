package import Method
package import Torch

/// The denoiser of AudioLDM and of Stable Diffusion, and with a ``MotionAdapter`` that of AnimateDiff.
///
/// Source: diffusers `models/unets/unet_2d_condition.py`; keys are its state dict's.
package struct UNet2DConditionModel: Sendable {
    package let configuration: Configuration
    /// Width of the context that each level attends to.
    package let contextWidths: [Int]
    private let timeEmbedding: TimestepEmbedding
    private let classEmbedding: Linear?
    private let convIn: Conv2d
    private let downBlocks: [UNetLevel]
    private let midResnets: [ResnetBlock2D]
    private let midAttention: Transformer2DModel
    private let upBlocks: [UNetLevel]
    private let normOut: GroupNorm
    private let convOut: Conv2d

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        let plan = try UNetPlan(c)
        contextWidths = plan.contextWidths
        let hidden = plan.timeWidth
        timeEmbedding = try TimestepEmbedding(
            w("time_embedding.linear_1"), w("time_embedding.linear_2"), width: plan.channels[0], hidden: hidden,
            cosineFirst: c.flipSinToCos ?? true, frequencyShift: c.freqShift ?? 0)
        classEmbedding = try plan.classWidth.map { try Linear(w("class_embedding"), $0, hidden) }
        convIn = try Conv2d(w("conv_in"), c.inChannels, plan.channels[0], kernel: 3, padding: 1)
        downBlocks = try plan.down.enumerated().map {
            try plan.level(w("down_blocks")($0), $1, resampler: "downsamplers")
        }
        let wide = plan.channels[plan.channels.count - 1]
        midResnets = try (0..<2).map { try plan.resnet(w("mid_block.resnets")($0), wide, wide) }
        midAttention = try plan.transformer(w("mid_block.attentions")(0), level: plan.channels.count - 1)
        upBlocks = try plan.up.enumerated().map { try plan.level(w("up_blocks")($0), $1, resampler: "upsamplers") }
        normOut = try GroupNorm(w("conv_norm_out"), plan.channels[0], groups: plan.groups, eps: plan.eps)
        convOut = try Conv2d(w("conv_out"), plan.channels[0], c.outChannels, kernel: 3, padding: 1)
    }

    /// What the network is told of a run's timesteps, laid on its device ahead.
    package func table(of timesteps: [Double], dtype: DType, device: Device) throws(TorchError) -> TimestepTable {
        try TimestepTable(timesteps, timeEmbedding, dtype: dtype, device: device)
    }

    /// As with waves, of a timestep.
    package func callAsFunction(
        _ z: Tensor, timestep: Double, context: Tensor? = nil, classLabels: Tensor? = nil, motion: MotionAdapter? = nil,
        frames: Int = 1, memory: MemoryPolicy = .high
    ) throws(TorchError) -> Tensor {
        try self(
            z, waves: table(of: [], dtype: z.dtype, device: z.device).waves(of: timestep), context: context,
            classLabels: classLabels, motion: motion, frames: frames, memory: memory)
    }

    /// Predicts the noise in a latent, or in the frames of several clips.
    ///
    /// With a motion adapter this is diffusers' UNetMotionModel.
    ///
    /// - Parameters:
    ///   - z: `[B·F, inChannels, H, W]`, the F frames of a sample adjacent; sizes that do not divide by the levels are
    ///     handled.
    ///   - waves: of the timestep, the same for all: ``TimestepTable/waves(of:)``.
    ///   - context: `[B, S, crossAttentionDim]`, one row for each sample; nil where the second attention is a
    ///     self-attention (AudioLDM).
    ///   - classLabels: `[B, projectionClassEmbeddingsInputDim]` (AudioLDM's prompt embedding).
    ///   - motion: what ties the frames of a sample together; nil where every frame stands alone.
    ///   - frames: F.
    ///   - memory: what is kept where a gradient with respect to the prompt will be taken.
    /// - Returns: `[B·F, outChannels, H, W]`.
    /// - Throws: ``TorchError/refused(operation:message:)`` for rows that do not fit the frames, and for more frames than
    ///   the adapter has positions.
    package func callAsFunction(
        _ z: Tensor, waves: Tensor, context: Tensor? = nil, classLabels: Tensor? = nil, motion: MotionAdapter? = nil,
        frames: Int = 1, memory: MemoryPolicy = .high
    ) throws(TorchError) -> Tensor {
        try checkRows(z, [context, classLabels], motion: motion, frames: frames)
        let time = try embedding(waves, classLabels, like: z, frames: frames).silu()
        let motion = motion.map { MotionFrames(adapter: $0, count: frames) }
        var h = try convIn(z.arrangedAsMap())
        var skips = [h]
        for (level, block) in downBlocks.enumerated() {
            let (output, more) = try block.down(
                h, time: time, context: context, motion: motion?.down(level), memory: memory)
            h = output
            skips += more
        }
        // One piece: the middle has the fewest places.
        h = try memory.run(.bulky, [h, time] + (context.map { [$0] } ?? [])) { [self] inputs throws(TorchError) in
            var h = try midResnets[0](inputs[0], time: inputs[1])
            h = try midAttention(h, context: inputs.count > 2 ? inputs[2] : nil)
            if let motion { h = try motion.middle(h) }
            return try midResnets[1](h, time: inputs[1])
        }
        for (step, block) in upBlocks.enumerated() {
            h = try block.up(
                h, skips: &skips, time: time, context: context, motion: motion?.up(step), memory: memory)
        }
        return try convOut(normOut.silu(h))
    }

    /// `[1, width]`, which all rows share, or `[B·F, width]` where each sample has a label.
    private func embedding(
        _ waves: Tensor, _ classLabels: Tensor?, like z: Tensor, frames: Int
    ) throws(TorchError) -> Tensor {
        let time = try timeEmbedding(waves)
        guard let classEmbedding, let classLabels else { return time }
        let label = try classEmbedding(classLabels)
        let rows = try time.expand([label.size(0), -1])
        let both = try configuration.classEmbeddingsConcat == true ? Tensor.cat([rows, label], -1) : rows + label
        guard frames > 1 else { return both }
        return try both.unsqueeze(1).expand([-1, frames, -1]).reshape([z.size(0), -1])
    }

    private func checkRows(
        _ z: Tensor, _ conditions: [Tensor?], motion: MotionAdapter?, frames: Int
    ) throws(TorchError) {
        func refuse(_ message: String) -> TorchError { .refused(operation: "UNet2DConditionModel", message: message) }
        guard frames >= 1, z.size(0).isMultiple(of: frames) else {
            throw refuse("\(z.size(0)) images are not a whole number of samples with \(frames) frames each")
        }
        for case let condition? in conditions where condition.size(0) * frames != z.size(0) {
            throw refuse("\(condition.size(0)) prompts for \(z.size(0) / frames) samples")
        }
        if let motion, frames > motion.maximumFrames {
            throw refuse("\(frames) frames, and the motion adapter has positions for \(motion.maximumFrames)")
        }
    }
}

extension UNet2DConditionModel {
    /// `config.json`, by diffusers' names; fields that this program does not read are not listed.
    package struct Configuration: Decodable, Sendable {
        package let inChannels: Int
        package let outChannels: Int
        package let blockOutChannels: [Int]
        package let downBlockTypes: [String]
        package let midBlockType: String?
        package let upBlockTypes: [String]
        package let layersPerBlock: PerLevel
        package let transformerLayersPerBlock: PerLevel?
        package let crossAttentionDim: PerLevel?
        package let attentionHeadDim: PerLevel?
        package let numAttentionHeads: PerLevel?
        package let normNumGroups: Int?
        package let normEps: Double?
        package let actFn: String?
        package let flipSinToCos: Bool?
        package let freqShift: Double?
        package let downsamplePadding: Int?
        package let useLinearProjection: Bool?
        package let classEmbedType: String?
        package let projectionClassEmbeddingsInputDim: Int?
        package let classEmbeddingsConcat: Bool?
        package let resnetTimeScaleShift: String?
        package let onlyCrossAttention: Bool?
        package let dualCrossAttention: Bool?
        package let timeEmbeddingType: String?
        package let centerInputSample: Bool?
        package let midBlockScaleFactor: Double?
        package let timeEmbeddingActFn: String?

        enum CodingKeys: String, CodingKey {
            case inChannels = "in_channels"
            case outChannels = "out_channels"
            case blockOutChannels = "block_out_channels"
            case downBlockTypes = "down_block_types"
            case midBlockType = "mid_block_type"
            case upBlockTypes = "up_block_types"
            case layersPerBlock = "layers_per_block"
            case transformerLayersPerBlock = "transformer_layers_per_block"
            case crossAttentionDim = "cross_attention_dim"
            case attentionHeadDim = "attention_head_dim"
            case numAttentionHeads = "num_attention_heads"
            case normNumGroups = "norm_num_groups"
            case normEps = "norm_eps"
            case actFn = "act_fn"
            case flipSinToCos = "flip_sin_to_cos"
            case freqShift = "freq_shift"
            case downsamplePadding = "downsample_padding"
            case useLinearProjection = "use_linear_projection"
            case classEmbedType = "class_embed_type"
            case projectionClassEmbeddingsInputDim = "projection_class_embeddings_input_dim"
            case classEmbeddingsConcat = "class_embeddings_concat"
            case resnetTimeScaleShift = "resnet_time_scale_shift"
            case onlyCrossAttention = "only_cross_attention"
            case dualCrossAttention = "dual_cross_attention"
            case timeEmbeddingType = "time_embedding_type"
            case centerInputSample = "center_input_sample"
            case midBlockScaleFactor = "mid_block_scale_factor"
            case timeEmbeddingActFn = "time_embedding_act_fn"
        }
    }
}
