package import ClipSampling
package import Torch

/// ImageBind's view of frames and images: 224 × 224, normalised as CLIP's.
///
/// Source: ImageBind `data.py`, `load_and_transform_video_data` and `load_and_transform_vision_data`.
package enum ImageBindVisionInput {
    private static let side = 224
    private static let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    private static let deviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

    /// Clips of frames, all of one size.
    ///
    /// - Parameter clips: the same number of frames each.
    /// - Returns: `[1, clips, 3, frames, 224, 224]`, single precision.
    package static func clips(_ clips: [[Image]]) throws(TorchError) -> Tensor {
        let tensors = try clips.map { clip throws(TorchError) in
            let frames = try clip.map { frame throws(TorchError) in
                try Tensor(frame.pixels, shape: [frame.height, frame.width, 3]).permute([2, 0, 1])
            }
            return try transform(divided255(Tensor.stack(frames))).transpose(0, 1)  // (3, frames, 224, 224)
        }
        return try Tensor.stack(tensors).unsqueeze(0)
    }

    /// One image, through 8-bit resizing with an antialiasing cubic filter and the middle square.
    ///
    /// - Returns: `[1, 3, 224, 224]`, single precision.
    package static func image(_ image: Image) throws(TorchError) -> Tensor {
        let square = PillowResize.shortSide(image, to: side)
        let pixels = try Tensor(square.pixels, shape: [1, side, side, 3]).permute([0, 3, 1, 2])
        return try normalised(divided255(pixels))
    }

    /// Frames as ImageBind's video loader sees them; differentiable, so that it serves generated frames too.
    ///
    /// The short side becomes 224 without antialiasing, then the frame is squashed to a square with it.
    /// - Parameter frames: `[N, 3, H, W]`, 0…1.
    /// - Returns: `[N, 3, 224, 224]`.
    package static func transform(_ frames: Tensor) throws(TorchError) -> Tensor {
        let (height, width) = (frames.size(2), frames.size(3))
        let (newHeight, newWidth) =
            width < height
            ? (Int(Double(height) / Double(width) * Double(side)), side)
            : (side, Int(Double(width) / Double(height) * Double(side)))
        let resized = try normalised(frames.resizedBilinear(height: newHeight, width: newWidth, antialias: false))
        guard newHeight != side || newWidth != side else { return resized }
        return try resized.resizedBilinear(height: side, width: side, antialias: true)
    }

    private static func divided255(_ bytes: Tensor) throws(TorchError) -> Tensor {
        try bytes.to(.float32) / Tensor.full([], 255)
    }

    private static func normalised(_ x: Tensor) throws(TorchError) -> Tensor {
        let mean = try Tensor(mean, shape: [1, 3, 1, 1]).to(x.dtype, device: x.device)
        let deviation = try Tensor(deviation, shape: [1, 3, 1, 1]).to(x.dtype, device: x.device)
        return try (x - mean) / deviation
    }
}
