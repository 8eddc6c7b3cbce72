package import Checkpoint

extension MotionAdapter {
    /// `config.json`, by diffusers' names.
    package struct Configuration: Decodable, Sendable, Equatable {
        package let blockOutChannels: [Int]
        package let layersPerBlock: PerLevel?
        package let transformerLayersPerBlock: PerLevel?
        package let midBlockLayersPerBlock: Int?
        package let transformerLayersPerMidBlock: PerLevel?
        package let numAttentionHeads: PerLevel?
        package let normNumGroups: Int?
        package let maxSeqLength: Int?
        package let useMotionMidBlock: Bool?
        package let convInChannels: Int?

        enum CodingKeys: String, CodingKey {
            case blockOutChannels = "block_out_channels"
            case layersPerBlock = "motion_layers_per_block"
            case transformerLayersPerBlock = "motion_transformer_layers_per_block"
            case midBlockLayersPerBlock = "motion_mid_block_layers_per_block"
            case transformerLayersPerMidBlock = "motion_transformer_layers_per_mid_block"
            case numAttentionHeads = "motion_num_attention_heads"
            case normNumGroups = "motion_norm_num_groups"
            case maxSeqLength = "motion_max_seq_length"
            case useMotionMidBlock = "use_motion_mid_block"
            case convInChannels = "conv_in_channels"
        }
    }

    /// The diffusers name of a key in the layout of the original checkpoints, such as `mm_sd_v15_v2.ckpt`; of any other
    /// key only the wrappers are left out. The original keeps one table of positions for each of a block's two
    /// attentions; they are equal, and the first counts.
    ///
    /// Source: diffusers `loaders/single_file_utils.py`, `convert_animatediff_checkpoint_to_diffusers`.
    package static func diffusersName(_ key: String) -> String {
        let key = KeyWrappers.unwrapped(key)
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard let place = parts.firstIndex(of: "temporal_transformer") else { return key }
        var name = parts[..<place].joined(separator: ".")
        var rest = parts[(place + 1)...]
        while let part = rest.popFirst() {
            switch (part, rest.first) {
            case ("attention_blocks", "0"): name += rest.dropFirst().first == "pos_encoder" ? "" : ".attn1"
            case ("attention_blocks", "1"): name += ".attn2"
            case ("norms", "0"): name += ".norm1"
            case ("norms", "1"): name += ".norm2"
            case ("ff_norm", _):
                name += ".norm3"
                continue
            case ("pos_encoder", _) where !name.hasSuffix(".attn2"):
                name += ".pos_embed"
                continue
            default:
                name += ".\(part)"
                continue
            }
            rest.removeFirst()
        }
        return name
    }

    /// Keys of parts that this program has no use for: the second of two equal tables of positions.
    package static func unused(_ key: String) -> Bool { key.hasSuffix(".attn2.pos_encoder.pe") }
}

extension MotionAdapter.Configuration {
    /// Reads the sizes off the keys and shapes of a checkpoint without a configuration, in either layout.
    ///
    /// Eight heads and 32 groups, which leave no trace in the shapes, are those of every adapter that AnimateDiff's
    /// authors published.
    ///
    /// - Throws: ``ConfigurationError`` where the keys are not an adapter's.
    package init(inferredFrom file: WeightFile) throws(ConfigurationError) {
        let names = KeyWrappers.unwrapped(file.names).map(MotionAdapter.diffusersName)
        let shapes = Dictionary(zip(names, file.records.map(\.shape)), uniquingKeysWith: { first, _ in first })
        func count(_ key: (Int) -> String) -> Int {
            var count = 0
            while shapes[key(count)] != nil { count += 1 }
            return count
        }
        func layers(_ module: String) -> Int { count { "\(module).transformer_blocks.\($0).norm1.weight" } }
        let levels = 0..<count { "down_blocks.\($0).motion_modules.0.norm.weight" }
        let first = "down_blocks.0.motion_modules.0"
        guard !levels.isEmpty else {
            throw ConfigurationError(
                MotionPlan.model, "\(first).norm.weight", found: "not in \(file.path)",
                expected: "the layout of diffusers or of mm_sd_v15_v2.ckpt")
        }
        guard let positions = shapes["\(first).transformer_blocks.0.pos_embed.pe"], positions.count == 3 else {
            throw ConfigurationError(
                MotionPlan.model, "pos_encoder.pe", found: "not in \(file.path)",
                expected: "the table of positions, whose length is the most frames,")
        }
        let mid = "mid_block.motion_modules"
        let midCount = count { "\(mid).\($0).norm.weight" }
        self.init(
            blockOutChannels: levels.map { shapes["down_blocks.\($0).motion_modules.0.norm.weight"]?.first ?? 0 },
            layersPerBlock: .each(
                levels.map { level in count { "down_blocks.\(level).motion_modules.\($0).norm.weight" } }),
            transformerLayersPerBlock: .each(levels.map { layers("down_blocks.\($0).motion_modules.0") }),
            midBlockLayersPerBlock: max(midCount, 1), transformerLayersPerMidBlock: .same(max(layers("\(mid).0"), 1)),
            numAttentionHeads: .same(8), normNumGroups: 32, maxSeqLength: positions[1],
            useMotionMidBlock: midCount > 0, convInChannels: shapes["conv_in.weight"].map { $0.count > 1 ? $0[1] : 1 })
    }
}
