/// `config.json` of Florence-2, in transformers' words or in those of the repository that was published first.
package struct Florence2Configuration: Decodable, Sendable {
    /// The vision tower.
    package struct Vision: Sendable {
        struct Level: Sendable {
            let depth: Int
            let width: Int
            let heads: Int
            let groups: Int
            let patch: Int
            let stride: Int
            let padding: Int
            let normalizesFirst: Bool
        }

        let levels: [Level]
        let window: Int
        let feedForwardRatio: Double
        /// The width of the tokens that the text half reads.
        let projection: Int
        /// Rows, and as many columns, that have positions of their own.
        let positions: Int
        let times: Int
    }

    /// The text half, which is BART.
    package struct Text: Sendable {
        /// Tokens with a row in the table.
        package let vocabulary: Int
        let width: Int
        let encoderLayers: Int
        let decoderLayers: Int
        let encoderHeads: Int
        let decoderHeads: Int
        let encoderFeedForward: Int
        let decoderFeedForward: Int
        /// The longest text.
        package let positions: Int
        let scalesEmbeddings: Bool
    }

    package let vision: Vision
    package let text: Text

    private enum CodingKeys: String, CodingKey {
        case vision = "vision_config"
        case text = "text_config"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        vision = try Vision(container.decode(VisionFile.self, forKey: .vision))
        text = try Text(container.decode(TextFile.self, forKey: .text))
        guard vision.projection == text.width else {
            throw ConfigurationError(
                Self.model, "vision_config.projection_dim", found: "\(vision.projection)",
                expected: "d_model, \(text.width)")
        }
    }

    static let model = "Florence2ForConditionalGeneration"

    fileprivate struct VisionFile: Decodable {
        struct Times: Decodable { let max_temporal_embeddings: Int }
        struct Positions: Decodable { let max_pos_embeddings: Int }

        let depths: [Int]
        let embed_dim: [Int]?
        let dim_embed: [Int]?
        let num_heads: [Int]
        let num_groups: [Int]
        let patch_size: [Int]
        let patch_stride: [Int]
        let patch_padding: [Int]
        let patch_prenorm: [Bool]
        let window_size: Int
        let mlp_ratio: Double?
        let qkv_bias: Bool?
        let projection_dim: Int
        let max_position_embeddings: Int?
        let max_temporal_embeddings: Int?
        let image_pos_embed: Positions?
        let visual_temporal_embedding: Times?
        let activation_function: String?
        let image_feature_source: [String]?
    }

    fileprivate struct TextFile: Decodable {
        let vocab_size: Int
        let d_model: Int
        let encoder_layers: Int
        let decoder_layers: Int
        let encoder_attention_heads: Int
        let decoder_attention_heads: Int
        let encoder_ffn_dim: Int
        let decoder_ffn_dim: Int
        let max_position_embeddings: Int
        let scale_embedding: Bool?
        let activation_function: String?
    }
}

extension Florence2Configuration.Vision {
    fileprivate init(_ file: Florence2Configuration.VisionFile) throws(ConfigurationError) {
        func reject(_ field: String, _ found: String, _ expected: String) -> ConfigurationError {
            ConfigurationError(
                Florence2Configuration.model, "vision_config.\(field)", found: found, expected: expected)
        }
        let count = file.depths.count
        guard let widths = file.embed_dim ?? file.dim_embed else { throw reject("embed_dim", "missing", "a list") }
        let lists = [
            ("embed_dim", widths), ("num_heads", file.num_heads), ("num_groups", file.num_groups),
            ("patch_size", file.patch_size), ("patch_stride", file.patch_stride),
        ]
        guard (1...16).contains(count) else { throw reject("depths", "\(file.depths)", "1 to 16 levels") }
        for (field, list) in [("depths", file.depths)] + lists
        where list.count != count || list.contains(where: { !(1...1 << 16).contains($0) }) {
            throw reject(field, "\(list)", "\(count) positive numbers")
        }
        guard file.patch_padding.count == count, file.patch_padding.allSatisfy({ (0...1 << 8).contains($0) }) else {
            throw reject("patch_padding", "\(file.patch_padding)", "\(count) numbers from 0 on")
        }
        guard file.patch_prenorm.count == count else {
            throw reject("patch_prenorm", "\(file.patch_prenorm)", "\(count) of true and false")
        }
        for (level, width) in widths.enumerated() {
            for (field, parts) in [("num_heads", file.num_heads[level]), ("num_groups", file.num_groups[level])]
            where width % parts != 0 {
                throw reject("\(field)[\(level)]", "\(parts)", "a divisor of the width, \(width)")
            }
        }
        if let name = file.activation_function, name != "gelu" { throw reject("activation_function", name, "gelu") }
        if file.qkv_bias == false { throw reject("qkv_bias", "false", "true") }
        let source = ["spatial_avg_pool", "temporal_avg_pool"]
        if let found = file.image_feature_source, found != source {
            throw reject("image_feature_source", "\(found)", "\(source)")
        }
        guard let positions = file.max_position_embeddings ?? file.image_pos_embed?.max_pos_embeddings,
            let times = file.max_temporal_embeddings ?? file.visual_temporal_embedding?.max_temporal_embeddings
        else { throw reject("max_position_embeddings, max_temporal_embeddings", "missing", "a number of each") }
        for (field, value) in [
            ("window_size", file.window_size), ("projection_dim", file.projection_dim),
            ("max_position_embeddings", positions), ("max_temporal_embeddings", times),
        ] where !(1...1 << 16).contains(value) { throw reject(field, "\(value)", "a positive number") }
        let ratio = file.mlp_ratio ?? 4
        guard ratio >= 1, ratio <= 64 else { throw reject("mlp_ratio", "\(ratio)", "a number from 1 to 64") }
        levels = (0..<count).map { level in
            Level(
                depth: file.depths[level], width: widths[level], heads: file.num_heads[level],
                groups: file.num_groups[level], patch: file.patch_size[level], stride: file.patch_stride[level],
                padding: file.patch_padding[level], normalizesFirst: file.patch_prenorm[level])
        }
        window = file.window_size
        feedForwardRatio = ratio
        projection = file.projection_dim
        self.positions = positions
        self.times = times
    }
}

extension Florence2Configuration.Text {
    fileprivate init(_ file: Florence2Configuration.TextFile) throws(ConfigurationError) {
        func reject(_ field: String, _ found: String, _ expected: String) -> ConfigurationError {
            ConfigurationError(Florence2Configuration.model, "text_config.\(field)", found: found, expected: expected)
        }
        for (field, value) in [
            ("vocab_size", file.vocab_size), ("d_model", file.d_model), ("encoder_layers", file.encoder_layers),
            ("decoder_layers", file.decoder_layers), ("encoder_attention_heads", file.encoder_attention_heads),
            ("decoder_attention_heads", file.decoder_attention_heads), ("encoder_ffn_dim", file.encoder_ffn_dim),
            ("decoder_ffn_dim", file.decoder_ffn_dim), ("max_position_embeddings", file.max_position_embeddings),
        ] where !(1...1 << 24).contains(value) { throw reject(field, "\(value)", "a positive number") }
        for (field, heads) in [
            ("encoder_attention_heads", file.encoder_attention_heads),
            ("decoder_attention_heads", file.decoder_attention_heads),
        ] where file.d_model % heads != 0 {
            throw reject(field, "\(heads)", "a divisor of d_model, \(file.d_model)")
        }
        if let name = file.activation_function, name != "gelu" { throw reject("activation_function", name, "gelu") }
        vocabulary = file.vocab_size
        width = file.d_model
        encoderLayers = file.encoder_layers
        decoderLayers = file.decoder_layers
        encoderHeads = file.encoder_attention_heads
        decoderHeads = file.decoder_attention_heads
        encoderFeedForward = file.encoder_ffn_dim
        decoderFeedForward = file.decoder_ffn_dim
        positions = file.max_position_embeddings
        scalesEmbeddings = file.scale_embedding ?? false
    }
}
