package import Method
package import Torch

/// One embedding space for images, text and audio.
///
/// Source: ImageBind `models/imagebind_model.py`; keys are those of the published `imagebind_huge.pth`. The towers of
/// depth, heat and motion may be in the file and are not read.
package struct ImageBindModel: Sendable {
    package let configuration: Configuration
    private let visionTower: ImageBindVisionTower
    private let textTower: ImageBindTextTower
    private let audioTower: ImageBindAudioTower

    /// Keys of modalities that this program has no use for, and the text tower's mask, which is computed.
    package static func unused(_ key: String) -> Bool {
        let parts = key.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count > 1, parts[0].hasPrefix("modality_") else { return false }
        return ["depth", "thermal", "imu"].contains(parts[1]) || key == "modality_preprocessors.text.mask"
    }

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        try c.check()
        visionTower = try ImageBindVisionTower(c, w)
        textTower = try ImageBindTextTower(c, w)
        audioTower = try ImageBindAudioTower(c, w)
    }

    /// - Parameters:
    ///   - frames: `[B, S, 3, T, 224, 224]` (clips of T = 2 frames) or `[B, 3, 224, 224]` (images), normalised with
    ///     CLIP's mean and deviation.
    ///   - memory: what is kept for the gradient.
    /// - Returns: `[B, width]`: for clips the mean of their unit vectors, for images unit vectors.
    package func vision(_ frames: Tensor, memory: MemoryPolicy = .high) throws(TorchError) -> Tensor {
        try overClips(frames, clipRank: 4) { x throws(TorchError) in try visionTower(x, memory: memory) }
    }

    /// - Parameters:
    ///   - spectrograms: `[B, S, 1, melBins, frames]`, normalised with mean −4.268 and deviation 9.138.
    ///   - memory: what is kept for the gradient.
    /// - Returns: `[B, width]`: the mean over the clips of unit vectors times the audio scale.
    package func audio(_ spectrograms: Tensor, memory: MemoryPolicy = .high) throws(TorchError) -> Tensor {
        try overClips(spectrograms, clipRank: 3) { x throws(TorchError) in try audioTower(x, memory: memory) }
    }

    /// - Parameter tokens: int64 `[B, 77]`, padded with 0; the end-of-text token is the one with the highest id.
    /// - Returns: `[B, width]`: unit vectors times the learned text scale.
    package func text(_ tokens: Tensor) throws(TorchError) -> Tensor { try textTower(tokens) }

    private func overClips(
        _ x: Tensor, clipRank: Int, _ tower: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        guard x.rank == clipRank + 2 else { return try tower(x) }
        let (batch, clips) = (x.size(0), x.size(1))
        let embeddings = try tower(x.reshape([batch * clips] + x.shape[2...]))
        return try embeddings.reshape([batch, clips, -1]).mean([1])
    }
}

extension ImageBindModel {
    /// The sizes of the towers. The published file has none beside it: ``huge`` are its own.
    package struct Configuration: Decodable, Sendable, Equatable {
        package let visionEmbedDim: Int
        package let visionNumBlocks: Int
        package let visionNumHeads: Int
        package let textEmbedDim: Int
        package let textNumBlocks: Int
        package let textNumHeads: Int
        package let audioEmbedDim: Int
        package let audioNumBlocks: Int
        package let audioNumHeads: Int
        package let outEmbedDim: Int
        package let vocabSize: Int

        enum CodingKeys: String, CodingKey {
            case visionEmbedDim = "vision_embed_dim"
            case visionNumBlocks = "vision_num_blocks"
            case visionNumHeads = "vision_num_heads"
            case textEmbedDim = "text_embed_dim"
            case textNumBlocks = "text_num_blocks"
            case textNumHeads = "text_num_heads"
            case audioEmbedDim = "audio_embed_dim"
            case audioNumBlocks = "audio_num_blocks"
            case audioNumHeads = "audio_num_heads"
            case outEmbedDim = "out_embed_dim"
            case vocabSize = "vocab_size"
        }

        /// `imagebind_huge`. The numbers of heads stand in no file.
        package static let huge = Configuration(
            visionEmbedDim: 1280, visionNumBlocks: 32, visionNumHeads: 16, textEmbedDim: 1024, textNumBlocks: 24,
            textNumHeads: 16, audioEmbedDim: 768, audioNumBlocks: 12, audioNumHeads: 12, outEmbedDim: 1024,
            vocabSize: 49408)

        fileprivate func check() throws(ConfigurationError) {
            let model = "ImageBindModel"
            for (field, width, heads, blocks) in [
                ("vision", visionEmbedDim, visionNumHeads, visionNumBlocks),
                ("text", textEmbedDim, textNumHeads, textNumBlocks),
                ("audio", audioEmbedDim, audioNumHeads, audioNumBlocks),
            ] where width < 1 || heads < 1 || blocks < 1 || width % max(heads, 1) != 0 {
                throw ConfigurationError(
                    model, "\(field)_embed_dim", found: "\(width) with \(heads) heads and \(blocks) blocks",
                    expected: "a width that is a multiple of the heads, and at least one block")
            }
            guard outEmbedDim > 0, vocabSize > 2 else {
                throw ConfigurationError(model, "out_embed_dim", found: "\(outEmbedDim)", expected: "a positive number")
            }
        }
    }
}
