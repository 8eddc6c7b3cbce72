package import Torch

/// The decoder of BART and of Whisper: goes on with several texts, token by token, while it reads what an encoder made.
///
/// Source: transformers `BartDecoder`, `WhisperDecoder`; logits are by the tied table of tokens.
package struct SequenceDecoder: Sendable {
    package let sizes: Sizes
    private let table: Tensor
    private let positions: Tensor
    private let first: LayerNorm?
    private let layers: [SequenceDecoderLayer]
    private let last: LayerNorm?
    private let bias: Tensor?

    /// What distinguishes decoders.
    package struct Sizes: Sendable {
        /// Tokens.
        package let vocabulary: Int
        let layers: Int
        let layer: SequenceLayerSizes
        /// The longest text.
        package let positions: Int
        /// Rows of the table of positions before the first.
        let positionOffset: Int
        /// What embeddings are multiplied by.
        let scale: Double
        /// Whether embeddings are normalised, or what the layers made.
        let normalizesFirst: Bool
        let normalizesLast: Bool
    }

    /// - Parameters:
    ///   - w: of the decoder.
    ///   - table: of tokens, `[vocabulary, width]`.
    ///   - bias: of the logits, `[1, vocabulary]`.
    init(_ w: WeightScope, _ sizes: Sizes, table: Tensor, bias: Tensor?) throws {
        self.sizes = sizes
        let width = sizes.layer.width
        self.table = table
        self.bias = bias
        positions = try w("embed_positions").tensor("weight", [sizes.positions + sizes.positionOffset, width])
            .narrow(0, from: sizes.positionOffset, count: sizes.positions)
        first = sizes.normalizesFirst ? try LayerNorm(w("layernorm_embedding"), width) : nil
        layers = try (0..<sizes.layers).map { try SequenceDecoderLayer(w("layers")($0), sizes.layer) }
        last = sizes.normalizesLast ? try LayerNorm(w("layer_norm"), width) : nil
    }

    /// What a decoder remembers of its texts.
    package struct State: Sendable {
        fileprivate var said: [KeysAndValues?]
        fileprivate let memory: [KeysAndValues]
        /// Tokens of each text.
        package fileprivate(set) var length = 0

        /// Goes on with these texts, in this order; one may come several times.
        package mutating func keep(_ texts: [Int]) throws(TorchError) {
            guard let device = said.first??.keys.device else { return }
            let index = try Tensor(texts.map(Int64.init), shape: [texts.count]).to(device: device)
            said = try said.map { (each) throws(TorchError) in
                try each.map { (each) throws(TorchError) in
                    KeysAndValues(keys: try each.keys.select(0, index), values: try each.values.select(0, index))
                }
            }
        }
    }

    /// - Parameter memory: of the encoder, `[1, S, width]`.
    package func begin(_ memory: Tensor) throws(TorchError) -> State {
        State(
            said: Array(repeating: nil, count: layers.count),
            memory: try layers.map { (layer) throws(TorchError) in try layer.read(memory) })
    }

    /// Adds tokens to the texts: several to new ones, else one to each.
    ///
    /// - Parameter tokens: `[texts][tokens]`.
    /// - Returns: logits of what follows each token, `[texts, tokens, vocabulary]`.
    /// - Throws: where a text would become longer than there are positions.
    package func callAsFunction(_ tokens: [[Int32]], _ state: inout State) throws(TorchError) -> Tensor {
        let length = tokens.first?.count ?? 0
        guard state.length + length <= sizes.positions, length == 1 || state.length == 0,
            tokens.allSatisfy({ $0.count == length })
        else {
            throw .refused(
                operation: "a decoder",
                message:
                    "\(tokens.map(\.count)) tokens after \(state.length); it has \(sizes.positions) positions, and goes on by one"
            )
        }
        let ids = try Tensor(tokens.joined().map(Int64.init), shape: [tokens.count, length]).to(device: table.device)
        var x = try Tensor.embedding(table, ids)
        if sizes.scale != 1 { x = try x * sizes.scale }
        x = try x + positions.narrow(0, from: state.length, count: length)
        if let first { x = try first(x) }
        for (index, layer) in layers.enumerated() {
            x = try layer(x, past: &state.said[index], memory: state.memory[index])
        }
        state.length += length
        if let last { x = try last(x) }
        let logits = try x.linear(table)
        return try bias.map { (bias) throws(TorchError) in try logits + bias } ?? logits
    }
}
