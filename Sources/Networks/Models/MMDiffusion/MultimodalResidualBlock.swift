internal import Torch

/// A residual block of both modalities, which are told the time by one scale and one shift, with attention within each
/// where the plan says so.
///
/// The resampling stands behind the first convolution; guided-diffusion, where the block comes from, has it before.
///
/// Source: `multimodal_unet.py`, `ResBlock`, `SingleModalAttention`.
struct MultimodalResidualBlock: Sendable {
    private let plan: MultimodalPlan.Residual
    private let videoIn: (norm: GroupNorm, conv: SpatialTemporalConvolution)
    private let audioIn: (norm: GroupNorm, conv: Conv1d)
    private let time: Linear
    private let videoOut: (norm: GroupNorm, conv: PointConvolution)
    private let audioOut: (norm: GroupNorm, conv: PointConvolution)
    private let videoSkip: PointConvolution?
    private let audioSkip: PointConvolution?
    private let spatial: TokenAttention?
    private let temporal: TokenAttention?
    private let overSound: TokenAttention?

    init(_ w: WeightScope, _ plan: MultimodalPlan.Residual, timeWidth: Int, heads: Int) throws {
        self.plan = plan
        let (inputs, outputs) = (plan.inputs, plan.outputs)
        videoIn = (
            try GroupNorm(multimodal: w("video_in_layers.0"), inputs),
            try SpatialTemporalConvolution(w("video_in_layers.2"), inputs, outputs)
        )
        audioIn = (
            try GroupNorm(multimodal: w("audio_in_layers.0"), inputs),
            try Conv1d(
                w("audio_in_layers.2.audio_conv"), inputs, outputs, kernel: 3, padding: plan.dilation,
                dilation: plan.dilation)
        )
        time = try Linear(w("emb_layers.1"), timeWidth, 2 * outputs)
        videoOut = (
            try GroupNorm(multimodal: w("video_out_layers.0"), outputs),
            try PointConvolution(w("video_out_layers.3.video_conv"), outputs, outputs, dimensions: 3)
        )
        audioOut = (
            try GroupNorm(multimodal: w("audio_out_layers.0"), outputs),
            try PointConvolution(w("audio_out_layers.3.audio_conv"), outputs, outputs, dimensions: 1)
        )
        let keeps = inputs == outputs
        videoSkip =
            keeps
            ? nil : try PointConvolution(w("video_skip_connection.video_conv"), inputs, outputs, dimensions: 3)
        audioSkip =
            keeps
            ? nil : try PointConvolution(w("audio_skip_connection.audio_conv"), inputs, outputs, dimensions: 1)
        func attention(_ name: String, _ wanted: Bool) throws -> TokenAttention? {
            wanted ? try TokenAttention(w("\(name)_attention_block"), channels: outputs, heads: heads) : nil
        }
        spatial = try attention("spatial", plan.hasVideoAttention)
        temporal = try attention("temporal", plan.hasVideoAttention)
        overSound = try attention("audio", plan.hasAudioAttention)
    }

    /// - Parameter time: `[B, timeWidth]`, behind SiLU.
    func callAsFunction(_ x: MultimodalFeatures, time embedding: Tensor) throws(TorchError) -> MultimodalFeatures {
        var (h, x) = (x, x)
        h.video = try videoIn.norm.silu(x.video)
        h = try videoIn.conv(h)
        h.audio = try audioIn.conv(audioIn.norm.silu(x.audio))
        (h, x) = (try resampled(h), try resampled(x))

        let film = try time(embedding).unsqueeze(2).unsqueeze(3).chunks(2, 1)
        func told(_ y: Tensor, _ norm: GroupNorm) throws(TorchError) -> Tensor {
            try (norm(y) * (film[0] + 1) + film[1]).silu()
        }
        h.video = try videoOut.conv(told(h.video, videoOut.norm))
        h.audio = try audioOut.conv(told(h.audio, audioOut.norm))
        if let videoSkip, let audioSkip {
            x.video = try videoSkip(x.video)
            x.audio = try audioSkip(x.audio)
        }
        h.video = try x.video + h.video
        h.audio = try x.audio + h.audio
        if let spatial, let temporal { h.video = try attend(h.video, spatial, temporal) }
        if let overSound {
            h.audio = try overSound(h.audio.rowsAsTokens()).tokensAsRows(batch: h.audio.size(0))
        }
        return h
    }

    /// Over the pixels of each frame, then over the times of each pixel.
    private func attend(
        _ video: Tensor, _ spatial: TokenAttention, _ temporal: TokenAttention
    ) throws(TorchError) -> Tensor {
        let (batch, channels, frames, pixels) = (video.size(0), video.size(1), video.size(2), video.size(3))
        let within = try spatial(video.rowsAsTokens()).reshape([batch, frames, pixels, channels])
        let across = try temporal(within.transpose(1, 2).reshape([batch * pixels, frames, channels]))
        return try across.reshape([batch, pixels, frames, channels]).permute([0, 3, 2, 1]).arrangedAsMap()
    }

    /// The frames, half as large or twice as large each way; the sound, a fourth as long or four times as long.
    private func resampled(_ x: MultimodalFeatures) throws(TorchError) -> MultimodalFeatures {
        guard let way = plan.resampling else { return x }
        var y = try x.replacing(frames: way(x.framesApart(), height: 2, width: 2))
        y.audio = try way(x.audio, height: 1, width: 4)
        return y
    }
}
