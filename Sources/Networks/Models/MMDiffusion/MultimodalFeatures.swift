internal import Torch

/// What the coupled UNet computes with between two layers.
///
/// Both maps lie in memory as networks on the host compute them, channels innermost, so that a frame's pixels, a sound's
/// samples and the tokens of attention are the same numbers in the same places.
struct MultimodalFeatures {
    /// `[B, C, F, H·W]`.
    var video: Tensor
    /// Of a frame; likewise ``width``.
    var height: Int
    var width: Int
    /// `[B, C, 1, L]`.
    var audio: Tensor

    var frames: Int { video.size(2) }

    /// The frames `[B·F, C, H, W]`.
    func framesApart() throws(TorchError) -> Tensor {
        try video.permute([0, 2, 3, 1])
            .reshape([video.size(0) * frames, height, width, video.size(1)])
            .permute([0, 3, 1, 2])
    }

    /// The same with other frames, `[B·F, C', H', W']`.
    func replacing(frames pixels: Tensor) throws(TorchError) -> MultimodalFeatures {
        var features = self
        (features.height, features.width) = (pixels.size(2), pixels.size(3))
        features.video = try pixels.permute([0, 2, 3, 1])
            .reshape([video.size(0), frames, pixels.size(2) * pixels.size(3), pixels.size(1)])
            .permute([0, 3, 1, 2])
        return features
    }

    /// Both, with those of another place of the network behind them, on the channels.
    func joined(with other: MultimodalFeatures) throws(TorchError) -> MultimodalFeatures {
        var features = self
        features.video = try Tensor.cat([video, other.video], 1)
        features.audio = try Tensor.cat([audio, other.audio], 1)
        return features
    }
}

extension Tensor {
    /// A map `[B, C, H, W]` as tokens `[B·H, W, C]`: those of a frame, or of a sound.
    func rowsAsTokens() throws(TorchError) -> Tensor {
        try permute([0, 2, 3, 1]).reshape([size(0) * size(2), size(3), size(1)])
    }

    /// Tokens `[B·H, W, C]` as the map `[B, C, H, W]` that they were made of.
    func tokensAsRows(batch: Int) throws(TorchError) -> Tensor {
        try reshape([batch, size(0) / batch, size(1), size(2)]).permute([0, 3, 1, 2])
    }
}
