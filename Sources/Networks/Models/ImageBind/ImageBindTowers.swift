internal import Method
internal import Torch

/// Frames to an embedding: patches of 2 × 14 × 14, a class token, learned positions.
struct ImageBindVisionTower: Sendable {
    private let patches: Tensor
    private let classToken: Tensor
    private let positions: Tensor
    private let trunk: ImageBindTrunk
    private let head: ImageBindHead

    init(_ c: ImageBindModel.Configuration, _ w: WeightScope) throws {
        let width = c.visionEmbedDim
        let p = w("modality_preprocessors.vision")
        patches = try p.tensor("rgbt_stem.proj.1.weight", [width, 3, 2, 14, 14])
        classToken = try p.tensor("cls_token", [1, 1, width])
        positions = try p.tensor("pos_embedding_helper.pos_embed", [1, 257, width])
        trunk = try ImageBindTrunk(
            w("modality_trunks.vision"), width: width, blocks: c.visionNumBlocks, heads: c.visionNumHeads, preNorm: true
        )
        head = try ImageBindHead(w, modality: "vision", width: width, output: c.outEmbedDim)
    }

    /// - Parameter x: `[B, 3, 2, 224, 224]`, or `[B, 3, 224, 224]`, whose one frame is shown twice.
    func callAsFunction(_ x: Tensor, memory: MemoryPolicy) throws(TorchError) -> Tensor {
        var x = x.rank == 4 ? try x.unsqueeze(2) : x
        if x.size(2) == 1 { x = try x.repeated([1, 1, 2, 1, 1]) }
        let h = try x.conv(patches, nil, stride: [2, 14, 14], padding: [0, 0, 0], dilation: [1, 1, 1])
        let tokens = try h.reshape([h.size(0), h.size(1), -1]).transpose(1, 2)  // (B, 256, width)
        return try head(firstToken(trunk(withClassToken(tokens, classToken) + positions, memory: memory)))
    }
}

/// Spectrograms to an embedding: patches of 16 × 16 that overlap by 6, a class token, learned positions.
struct ImageBindAudioTower: Sendable {
    private let patches: Tensor
    private let norm: LayerNorm
    private let classToken: Tensor
    private let positions: Tensor
    private let trunk: ImageBindTrunk
    private let head: ImageBindHead

    init(_ c: ImageBindModel.Configuration, _ w: WeightScope) throws {
        let width = c.audioEmbedDim
        let p = w("modality_preprocessors.audio")
        patches = try p.tensor("rgbt_stem.proj.weight", [width, 1, 16, 16])
        norm = try LayerNorm(p("rgbt_stem.norm_layer"), width, eps: 1e-5)  // torch's default here, unlike elsewhere
        classToken = try p.tensor("cls_token", [1, 1, width])
        positions = try p.tensor("pos_embedding_helper.pos_embed", [1, 1 + 12 * 19, width])
        trunk = try ImageBindTrunk(
            w("modality_trunks.audio"), width: width, blocks: c.audioNumBlocks, heads: c.audioNumHeads)
        head = try ImageBindHead(w, modality: "audio", width: width, output: c.outEmbedDim)
    }

    /// - Parameter x: `[B, 1, 128, 204]`.
    func callAsFunction(_ x: Tensor, memory: MemoryPolicy) throws(TorchError) -> Tensor {
        let h = try x.conv(patches, nil, stride: [10, 10], padding: [0, 0], dilation: [1, 1])
        let tokens = try norm(h.reshape([h.size(0), h.size(1), -1]).transpose(1, 2))  // (B, 12·19, width)
        return try head(firstToken(trunk(withClassToken(tokens, classToken) + positions, memory: memory)))
    }
}

/// Tokens to an embedding: that of the end-of-text token.
struct ImageBindTextTower: Sendable {
    private let tokens: Embedding
    private let positions: Tensor
    private let trunk: ImageBindTrunk
    private let head: ImageBindHead

    init(_ c: ImageBindModel.Configuration, _ w: WeightScope) throws {
        let width = c.textEmbedDim
        let p = w("modality_preprocessors.text")
        tokens = try Embedding(p("token_embedding"), count: c.vocabSize, width: width)
        positions = try p.tensor("pos_embed", [1, 77, width])
        trunk = try ImageBindTrunk(
            w("modality_trunks.text"), width: width, blocks: c.textNumBlocks, heads: c.textNumHeads, causal: true)
        head = try ImageBindHead(w, modality: "text", width: width, output: c.outEmbedDim)
    }

    /// - Parameter ids: int64 `[B, 77]`.
    func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor {
        let h = try trunk(tokens(ids) + positions, memory: .high)
        let ends = try ids.argmax(1).integers()
        let rows = try ends.enumerated().map { row, end throws(TorchError) in
            try h.narrow(0, from: row, count: 1).narrow(1, from: Int(end), count: 1).squeeze(1)
        }
        return try head(Tensor.cat(rows, 0))
    }
}

private func withClassToken(_ tokens: Tensor, _ classToken: Tensor) throws(TorchError) -> Tensor {
    try Tensor.cat([classToken.expand([tokens.size(0), 1, tokens.size(2)]), tokens], 1)
}

private func firstToken(_ x: Tensor) throws(TorchError) -> Tensor { try x.narrow(1, from: 0, count: 1).squeeze(1) }
