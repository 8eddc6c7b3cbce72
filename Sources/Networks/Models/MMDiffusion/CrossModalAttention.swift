internal import Torch

/// Attention between the modalities, added to both: the pixels of frame i look at the sound of the frames i + s … i + s + w − 1,
/// and the sound of frame i at the pixels of the same frames, cyclically. `s` is the shift, `w` the window.
///
/// Source: `multimodal_unet.py`, `CrossAttentionBlock`, "random-shift based multi-modal attention" (MM-Diffusion, section 3.3).
struct CrossModalAttention: Sendable {
    private let videoIn: (norm: GroupNorm, project: TokenProjection)
    private let audioIn: (norm: GroupNorm, project: TokenProjection)
    private let videoOut: TokenProjection
    private let audioOut: TokenProjection
    private let heads: Int
    private let window: Int

    init(_ w: WeightScope, channels: Int, headChannels: Int, window: Int) throws {
        videoIn = (
            try GroupNorm(multimodal: w("v_norm"), channels), try TokenProjection(w("v_qkv"), channels, 3 * channels)
        )
        audioIn = (
            try GroupNorm(multimodal: w("a_norm"), channels), try TokenProjection(w("a_qkv"), channels, 3 * channels)
        )
        videoOut = try TokenProjection(w("video_proj_out.video_conv"), channels, channels, dimensions: 3)
        audioOut = try TokenProjection(w("audio_proj_out.audio_conv"), channels, channels)
        heads = channels / headChannels
        self.window = window
    }

    /// - Parameter neighbours: for each sample, frame and place in the window the row of that frame among all samples'
    ///   frames, `[B·F·w]`; nil where the window holds every frame, in which order none matters.
    func callAsFunction(_ x: MultimodalFeatures, neighbours: Tensor?) throws(TorchError) -> MultimodalFeatures {
        let (batch, channels, frames) = (x.video.size(0), x.video.size(1), x.frames)
        /// Tokens by frame, `[B·F, T, C]`, or of all frames together.
        func tokens(_ map: Tensor, _ part: (norm: GroupNorm, project: TokenProjection)) throws(TorchError) -> [Tensor] {
            let rows = neighbours == nil ? batch : batch * frames
            let count = map.size(2) * map.size(3) * batch / rows
            return try part.project(part.norm(map).permute([0, 2, 3, 1]).reshape([rows, count, channels])).chunks(3, 2)
        }
        /// The tokens of every frame's neighbours, `[B·F, w·T, C]`.
        func around(_ tokens: Tensor) throws(TorchError) -> Tensor {
            guard let neighbours else { return tokens }
            return try tokens.select(0, neighbours).reshape([batch * frames, window * tokens.size(1), channels])
        }
        let video = try tokens(x.video, videoIn)
        let audio = try tokens(x.audio, audioIn)
        let seen = try multiHeadAttention(video[0], around(audio[1]), around(audio[2]), heads: heads)
        let heard = try multiHeadAttention(audio[0], around(video[1]), around(video[2]), heads: heads)
        var y = x
        y.video =
            try x.video
            + videoOut(seen).reshape([batch, frames, x.video.size(3), channels]).permute([0, 3, 1, 2])
        y.audio = try x.audio + audioOut(heard).reshape([batch, 1, x.audio.size(3), channels]).permute([0, 3, 1, 2])
        return y
    }
}
