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
        let between = Self.shortSide(height: height, width: width)
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
            try transform(divided255(stacked(clip))).transpose(0, 1)  // (3, frames, 224, 224)
        }
        return try Tensor.stack(tensors).unsqueeze(0)
    }

    /// Clips of frames, all of one size, each in three square crops, on the host.
    ///
    /// Source: ImageBind `data.py`, `SpatialCrop`; av-benchmark `av_bench/data/video_dataset.py`.
    ///
    /// - Parameters:
    ///   - clips: the same number of frames each.
    ///   - cubic: whether frames are resized in 8 bits by an antialiasing cubic filter, and not linearly without one.
    /// - Returns: `[1, 3 · clips, 3, frames, 224, 224]`, single precision; the crops of a clip follow one another.
    package static func crops(_ clips: [[Image]], cubic: Bool) throws(TorchError) -> Tensor {
        let normalisation = try Normalisation(device: .cpu)
        var crops: [Tensor] = []
        for clip in clips {
            let squares: [Tensor]  // (frames, 3, 224, 224), one for each crop
            if cubic {
                let frames = clip.map { PillowResize.squares($0, shortSide: side, at: cropPlaces) }
                squares = try (0..<3).map { crop throws(TorchError) in
                    try divided255(stacked(frames.map { $0[crop] }))
                }
            } else {
                let size = clip.first.map { ($0.height, $0.width) } ?? (side, side)
                let between = shortSide(height: size.0, width: size.1)
                let frames = try LinearResize(from: size, to: between, antialias: false, device: .cpu)(
                    divided255(stacked(clip)))
                squares = try cropPlaces((between.width, between.height)).map { place throws(TorchError) in
                    try frames.narrow(3, from: place.left, count: side).narrow(2, from: place.top, count: side)
                }
            }
            crops += try squares.map { square throws(TorchError) in try normalisation(square).transpose(0, 1) }
        }
        return try Tensor.stack(crops).unsqueeze(0)
    }

    /// Where the three squares of an image begin: at both ends of its long side and in the middle, halves rounded up.
    private static func cropPlaces(_ size: (width: Int, height: Int)) -> [(left: Int, top: Int)] {
        func middle(_ excess: Int) -> Int { (excess + 1) / 2 }
        let (left, top) = (size.width - side, size.height - side)
        return size.height > size.width
            ? [0, middle(top), top].map { (middle(left), $0) } : [0, middle(left), left].map { ($0, middle(top)) }
    }

    /// The size between the frame's and the square.
    private static func shortSide(height: Int, width: Int) -> (height: Int, width: Int) {
        width < height
            ? (height: Int(Double(height) / Double(width) * Double(side)), width: side)
            : (height: side, width: Int(Double(width) / Double(height) * Double(side)))
    }

    /// `[frames, 3, height, width]` of 8 bits.
    private static func stacked(_ frames: [Image]) throws(TorchError) -> Tensor {
        try Tensor.stack(
            frames.map { frame throws(TorchError) in
                try Tensor(frame.pixels, shape: [frame.height, frame.width, 3]).permute([2, 0, 1])
            })
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
