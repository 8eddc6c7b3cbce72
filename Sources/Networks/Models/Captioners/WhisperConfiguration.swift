/// `config.json` of Whisper, by transformers' names.
package struct WhisperConfiguration: Decodable, Sendable {
    let vocabulary: Int
    /// Mel bins of the input.
    package let bins: Int
    let width: Int
    let encoderLayers: Int
    let decoderLayers: Int
    let encoderHeads: Int
    let decoderHeads: Int
    let encoderFeedForward: Int
    let decoderFeedForward: Int
    /// Places of the encoder: half as many as frames of the spectrogram.
    package let sourcePositions: Int
    /// The longest text.
    package let targetPositions: Int
    let scalesEmbeddings: Bool

    private enum CodingKeys: String, CodingKey {
        case vocabulary = "vocab_size"
        case bins = "num_mel_bins"
        case width = "d_model"
        case encoderLayers = "encoder_layers"
        case decoderLayers = "decoder_layers"
        case encoderHeads = "encoder_attention_heads"
        case decoderHeads = "decoder_attention_heads"
        case encoderFeedForward = "encoder_ffn_dim"
        case decoderFeedForward = "decoder_ffn_dim"
        case sourcePositions = "max_source_positions"
        case targetPositions = "max_target_positions"
        case scalesEmbeddings = "scale_embedding"
        case activation = "activation_function"
    }

    static let model = "WhisperForConditionalGeneration"

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func size(_ key: CodingKeys) throws -> Int {
            let value = try container.decode(Int.self, forKey: key)
            guard (1...1 << 24).contains(value) else {
                throw ConfigurationError(Self.model, key.rawValue, found: "\(value)", expected: "a positive number")
            }
            return value
        }
        vocabulary = try size(.vocabulary)
        bins = try size(.bins)
        width = try size(.width)
        encoderLayers = try size(.encoderLayers)
        decoderLayers = try size(.decoderLayers)
        encoderHeads = try size(.encoderHeads)
        decoderHeads = try size(.decoderHeads)
        encoderFeedForward = try size(.encoderFeedForward)
        decoderFeedForward = try size(.decoderFeedForward)
        sourcePositions = try size(.sourcePositions)
        targetPositions = try size(.targetPositions)
        scalesEmbeddings = try container.decodeIfPresent(Bool.self, forKey: .scalesEmbeddings) ?? false
        for (key, heads) in [(CodingKeys.encoderHeads, encoderHeads), (.decoderHeads, decoderHeads)]
        where width % heads != 0 {
            throw ConfigurationError(
                Self.model, key.rawValue, found: "\(heads)", expected: "a divisor of d_model, \(width)")
        }
        if let name = try container.decodeIfPresent(String.self, forKey: .activation), name != "gelu" {
            throw ConfigurationError(Self.model, "activation_function", found: name, expected: "gelu")
        }
    }
}
