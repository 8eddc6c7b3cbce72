/// The sizes of every motion module, worked out from a configuration and checked before a weight is read.
struct MotionPlan {
    static let model = "MotionAdapter"
    /// Above every number of layers, channels or frames that an adapter has, and small enough to allocate by.
    private static let largest = 1 << 13

    let channels: [Int]
    let groups: Int
    /// The most frames.
    let length: Int
    /// Motion modules going down, by level; going up each level has one more.
    let depth: [Int]
    /// Transformer blocks in a module, by level.
    let layers: [Int]
    /// Transformer blocks of the module in the middle; nil where there is none.
    let midLayers: Int?
    private let heads: [Int]

    init(_ c: MotionAdapter.Configuration) throws(ConfigurationError) {
        if let channels = c.convInChannels, channels != 0 {
            throw ConfigurationError(
                Self.model, "conv_in_channels", found: "\(channels)",
                expected: "null (PIA's input convolution is not supported)")
        }
        let levels = c.blockOutChannels.count
        guard (1...Self.largest).contains(levels) else {
            throw ConfigurationError(Self.model, "block_out_channels", found: "[]", expected: "at least one level")
        }
        channels = try Self.sizes(c.blockOutChannels, "block_out_channels")
        depth = try Self.sizes(c.layersPerBlock, or: 2, levels, "motion_layers_per_block")
        layers = try Self.sizes(c.transformerLayersPerBlock, or: 1, levels, "motion_transformer_layers_per_block")
        heads = try Self.sizes(c.numAttentionHeads, or: 8, levels, "motion_num_attention_heads")
        groups = try Self.sizes([c.normNumGroups ?? 32], "motion_norm_num_groups")[0]
        length = try Self.sizes([c.maxSeqLength ?? 32], "motion_max_seq_length")[0]
        if c.useMotionMidBlock ?? true {
            if let count = c.midBlockLayersPerBlock, count != 1 {
                throw ConfigurationError(
                    Self.model, "motion_mid_block_layers_per_block", found: "\(count)",
                    expected: "1, as many as the UNet's middle has attentions,")
            }
            midLayers = try Self.sizes(
                c.transformerLayersPerMidBlock, or: 1, 1, "motion_transformer_layers_per_mid_block")[0]
        } else {
            midLayers = nil
        }
        for (channel, head) in zip(channels, heads)
        where channel % head != 0 || channel % groups != 0 || channel % 2 != 0 {
            throw ConfigurationError(
                Self.model, "block_out_channels", found: "\(channel)",
                expected: "an even multiple of the \(head) heads and \(groups) groups")
        }
    }

    func module(_ w: WeightScope, level: Int, layers: Int) throws -> MotionModule {
        try MotionModule(
            w, channels: channels[level], heads: heads[level], layers: layers, groups: groups, length: length)
    }

    /// Compares the adapter with a UNet.
    func checkFit(_ unet: UNet2DConditionModel.Configuration) throws(ConfigurationError) {
        let theirs = try UNetPlan(unet)
        func require(_ field: String, _ found: [Int], _ other: String, _ expected: [Int]) throws(ConfigurationError) {
            guard found != expected else { return }
            throw ConfigurationError(Self.model, field, found: "\(found)", expected: "the UNet's \(other) \(expected)")
        }
        try require("block_out_channels", channels, "block_out_channels", theirs.channels)
        try require("motion_layers_per_block", depth, "layers_per_block", theirs.down.map(\.resnetInputs.count))
        // diffusers would quietly take the UNet's groups for the motion modules.
        try require("motion_norm_num_groups", [groups], "norm_num_groups", [theirs.groups])
    }

    private static func sizes(
        _ value: PerLevel?, or usual: Int, _ levels: Int, _ field: String
    ) throws(ConfigurationError) -> [Int] {
        try sizes((value ?? .same(usual)).values(levels, model, field), field)
    }

    private static func sizes(_ values: [Int], _ field: String) throws(ConfigurationError) -> [Int] {
        if let bad = values.first(where: { !(1...largest).contains($0) }) {
            throw ConfigurationError(
                model, field, found: "\(bad)", expected: "a number between 1 and \(largest)")
        }
        return values
    }
}
