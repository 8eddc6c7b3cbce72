/// The channels, heads and layers of every level, worked out from a configuration and checked before a weight is read.
struct UNetPlan {
    /// One level: the channels that go into each resnet, and what stands beside them.
    struct Level {
        let resnetInputs: [Int]
        let outputs: Int
        /// The level whose heads and context apply; nil for a level without attention.
        let attention: Int?
        let resamples: Bool
        let stride: Int
    }

    static let model = "UNet2DConditionModel"

    let channels: [Int]
    let groups: Int
    let eps: Double
    let timeWidth: Int
    /// The width of the class label; nil where the network takes none.
    let classWidth: Int?
    let down: [Level]
    let up: [Level]
    private let heads: [Int]
    private let layers: [Int]
    /// By level.
    let contextWidths: [Int]
    private let resnetTimeWidth: Int
    private let linearProjection: Bool

    init(_ c: UNet2DConditionModel.Configuration) throws(ConfigurationError) {
        try Self.checkSupported(c)
        let levels = c.blockOutChannels.count
        let model = Self.model
        channels = c.blockOutChannels
        groups = c.normNumGroups ?? 32
        eps = c.normEps ?? 1e-5
        timeWidth = 4 * channels[0]
        linearProjection = c.useLinearProjection ?? false
        // diffusers calls the number of heads `attention_head_dim` where `num_attention_heads` is absent.
        heads = try (c.numAttentionHeads ?? c.attentionHeadDim ?? .same(8)).values(levels, model, "attention_head_dim")
        layers = try (c.transformerLayersPerBlock ?? .same(1)).values(levels, model, "transformer_layers_per_block")
        contextWidths = try (c.crossAttentionDim ?? .same(1280)).values(levels, model, "cross_attention_dim")
        let depth = try c.layersPerBlock.values(levels, model, "layers_per_block")
        for (channel, head) in zip(channels, heads) where head < 1 || channel % head != 0 || channel % groups != 0 {
            throw ConfigurationError(
                model, "block_out_channels", found: "\(channel)",
                expected: "a multiple of the \(head) heads and \(groups) groups")
        }
        switch c.classEmbedType {
        case nil: classWidth = nil
        case "simple_projection": classWidth = c.projectionClassEmbeddingsInputDim
        case let other?:
            throw ConfigurationError(model, "class_embed_type", found: other, expected: "simple_projection or null")
        }
        resnetTimeWidth = c.classEmbeddingsConcat == true && classWidth != nil ? 2 * timeWidth : timeWidth

        var down: [Level] = []
        for level in 0..<levels {
            let inputs = level == 0 ? channels[0] : channels[level - 1]
            down.append(
                Level(
                    resnetInputs: [inputs] + Array(repeating: channels[level], count: depth[level] - 1),
                    outputs: channels[level],
                    attention: try Self.attends(c.downBlockTypes[level], "Down", "down_block_types") ? level : nil,
                    resamples: level < levels - 1, stride: 2))
        }
        self.down = down
        let channels = channels
        var up: [Level] = []
        for (step, level) in (0..<levels).reversed().enumerated() {
            let previous = step == 0 ? channels[level] : channels[level + 1]
            let below = channels[max(level - 1, 0)]
            let count = depth[level] + 1
            up.append(
                Level(
                    resnetInputs: (0..<count).map { i in
                        (i == 0 ? previous : channels[level]) + (i == count - 1 ? below : channels[level])
                    },
                    outputs: channels[level],
                    attention: try Self.attends(c.upBlockTypes[step], "Up", "up_block_types") ? level : nil,
                    resamples: level > 0, stride: 1))
        }
        self.up = up
    }

    func resnet(_ w: WeightScope, _ inputs: Int, _ outputs: Int) throws -> ResnetBlock2D {
        try ResnetBlock2D(w, inputs, outputs, timeWidth: resnetTimeWidth, groups: groups, eps: eps)
    }

    func transformer(_ w: WeightScope, level: Int) throws -> Transformer2DModel {
        try Transformer2DModel(
            w, channels: channels[level], heads: heads[level], layers: layers[level],
            contextWidth: contextWidths[level],
            groups: groups, linearProjection: linearProjection)
    }

    func level(_ w: WeightScope, _ level: Level, resampler: String) throws -> UNetLevel {
        UNetLevel(
            resnets: try level.resnetInputs.enumerated().map { try resnet(w("resnets")($0), $1, level.outputs) },
            attentions: try level.attention.map { place in
                try level.resnetInputs.indices.map { try transformer(w("attentions")($0), level: place) }
            } ?? [],
            resampler: level.resamples
                ? try Conv2d(
                    w(resampler)(0)("conv"), level.outputs, level.outputs, kernel: 3, stride: level.stride, padding: 1)
                : nil)
    }

    private static func attends(_ type: String, _ way: String, _ field: String) throws(ConfigurationError) -> Bool {
        switch type {
        case "CrossAttn\(way)Block2D": return true
        case "\(way)Block2D": return false
        default:
            throw ConfigurationError(model, field, found: type, expected: "CrossAttn\(way)Block2D or \(way)Block2D")
        }
    }

    private static func checkSupported(_ c: UNet2DConditionModel.Configuration) throws(ConfigurationError) {
        let levels = c.blockOutChannels.count
        guard levels > 0, c.downBlockTypes.count == levels, c.upBlockTypes.count == levels else {
            throw ConfigurationError(
                model, "block_out_channels", found: "\(levels) levels",
                expected:
                    "as many as down_block_types and up_block_types have (\(c.downBlockTypes.count), \(c.upBlockTypes.count))"
            )
        }
        let fixed: [(String, String?, String)] = [
            ("act_fn", c.actFn, "silu"), ("mid_block_type", c.midBlockType, "UNetMidBlock2DCrossAttn"),
            ("resnet_time_scale_shift", c.resnetTimeScaleShift, "default"),
            ("time_embedding_type", c.timeEmbeddingType, "positional"),
        ]
        for case (let field, let found?, let expected) in fixed where found != expected {
            throw ConfigurationError(model, field, found: found, expected: expected)
        }
        // Each of these changes the result without changing a key or a shape.
        let flags = [
            ("only_cross_attention", c.onlyCrossAttention), ("dual_cross_attention", c.dualCrossAttention),
            ("center_input_sample", c.centerInputSample),
        ]
        for (field, value) in flags where value == true {
            throw ConfigurationError(model, field, found: "true", expected: "false")
        }
        if let type = c.timeEmbeddingActFn {
            throw ConfigurationError(model, "time_embedding_act_fn", found: type, expected: "null")
        }
        if let factor = c.midBlockScaleFactor, factor != 1 {
            throw ConfigurationError(model, "mid_block_scale_factor", found: "\(factor)", expected: "1")
        }
        if let padding = c.downsamplePadding, padding != 1 {
            throw ConfigurationError(model, "downsample_padding", found: "\(padding)", expected: "1")
        }
        // A size that is no size would otherwise reach the loops below.
        let sizes = c.blockOutChannels + [c.inChannels, c.outChannels, c.normNumGroups ?? 32]
        if let bad = sizes.first(where: { $0 < 1 }) {
            throw ConfigurationError(model, "block_out_channels", found: "\(bad)", expected: "a positive number")
        }
        let layers = [
            ("layers_per_block", c.layersPerBlock),
            ("transformer_layers_per_block", c.transformerLayersPerBlock ?? .same(1)),
        ]
        for (field, value) in layers {
            let most = 1 << 10
            if let bad = try value.values(levels, model, field).first(where: { !(1...most).contains($0) }) {
                throw ConfigurationError(model, field, found: "\(bad)", expected: "a number between 1 and \(most)")
            }
        }
    }
}
