internal import Torch

/// A decoder as a source of tokens, with what it reads.
struct DecoderSource: TokenSource {
    private let decoder: SequenceDecoder
    private var state: SequenceDecoder.State

    /// - Parameter memory: of the encoder, `[1, S, width]`.
    init(_ decoder: SequenceDecoder, _ memory: Tensor) throws(TorchError) {
        self.decoder = decoder
        state = try decoder.begin(memory)
    }

    mutating func begin(_ prompt: [Int32]) throws -> [Float] {
        let logits = try decoder([prompt], &state)
        return try logits.narrow(1, from: prompt.count - 1, count: 1).floats()
    }

    mutating func next(_ tokens: [Int32], after parents: [Int]) throws -> [[Float]] {
        if parents != [0] { try state.keep(parents) }
        let logits = try decoder(tokens.map { [$0] }, &state).floats()
        let width = decoder.sizes.vocabulary
        return tokens.indices.map { Array(logits[$0 * width..<($0 + 1) * width]) }
    }
}
