package import ClipSampling
package import Torch

/// ImageBind's view of frames and images: 224 × 224, normalised as CLIP's.
///
/// A value prepares frames of one size on one device: what depends on the size alone is made once and laid there.
///
/// Source: ImageBind `data.py`, `load_and_transform_video_data` and `load_and_transform_vision_data`.
package struct ImageBindVisionInput: Sendable {
    private static let side = 224

    private let normalisation: Normalisation
    private let resize: LinearResize
    /// Nil where the first resizing ends at a square.
    private let squash: LinearResize?

    /// Prepares for frames as ImageBind's video loader sees them: the short side becomes 224 without antialiasing, then the
    /// frame is squashed to a square with it.
    ///
    /// - Parameter height: of the frames, in pixels; likewise the width.
    package init(height: Int, width: Int, device: Device) throws(TorchError) {
        let side = Self.side
        let between =
            width < height
            ? (height: Int(Double(height) / Double(width) * Double(side)), width: side)
            : (height: side, width: Int(Double(width) / Double(height) * Double(side)))
        normalisation = try Normalisation(device: device)
        resize = try LinearResize(from: (height, width), to: between, antialias: false, device: device)
        squash =
            between == (side, side)
            ? nil : try LinearResize(from: between, to: (side, side), antialias: true, device: device)
    }

    /// Differentiable, so that it serves generated frames too.
    ///
    /// - Parameter frames: `[N, 3, H, W]` of the size it was made for, 0…1.
    /// - Returns: `[N, 3, 224, 224]`.
    package func callAsFunction(_ frames: Tensor) throws(TorchError) -> Tensor {
        let resized = try normalisation(resize(frames))
        return try squash?(resized) ?? resized
    }

    /// Clips of frames, all of one size, on the host.
    ///
    /// - Parameter clips: the same number of frames each.
    /// - Returns: `[1, clips, 3, frames, 224, 224]`, single precision.
    package static func clips(_ clips: [[Image]]) throws(TorchError) -> Tensor {
        let size = clips.first?.first.map { ($0.height, $0.width) } ?? (side, side)
        let transform = try Self(height: size.0, width: size.1, device: .cpu)
        let tensors = try clips.map { clip throws(TorchError) in
            let frames = try clip.map { frame throws(TorchError) in
                try Tensor(frame.pixels, shape: [frame.height, frame.width, 3]).permute([2, 0, 1])
            }
            return try transform(divided255(Tensor.stack(frames))).transpose(0, 1)  // (3, frames, 224, 224)
        }
        return try Tensor.stack(tensors).unsqueeze(0)
    }

    /// One image, on the host, through 8-bit resizing with an antialiasing cubic filter and the middle square.
    ///
    /// - Returns: `[1, 3, 224, 224]`, single precision.
    package static func image(_ image: Image) throws(TorchError) -> Tensor {
        let square = PillowResize.shortSide(image, to: side)
        let pixels = try Tensor(square.pixels, shape: [1, side, side, 3]).permute([0, 3, 1, 2])
        return try Normalisation(device: .cpu)(divided255(pixels))
    }

    private static func divided255(_ bytes: Tensor) throws(TorchError) -> Tensor {
        try bytes.to(.float32) / Tensor.full([], 255)
    }

    /// CLIP's mean and deviation of each colour.
    private struct Normalisation: Sendable {
        let mean: Tensor
        let deviation: Tensor

        init(device: Device) throws(TorchError) {
            mean = try Tensor([0.48145466, 0.4578275, 0.40821073] as [Float], shape: [1, 3, 1, 1]).to(device: device)
            deviation = try Tensor([0.26862954, 0.26130258, 0.27577711] as [Float], shape: [1, 3, 1, 1])
                .to(device: device)
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            try (x - mean.to(x.dtype)) / deviation.to(x.dtype)
        }
    }
}
