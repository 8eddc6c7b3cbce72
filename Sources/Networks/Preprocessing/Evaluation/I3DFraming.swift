internal import ClipSampling
internal import Method
internal import Torch

extension I3DFraming {
    /// One side of a frame over the other at most: what is resized is that much larger than what is shown.
    static let aspectLimit = 32
}

/// Frames of one size as I3D sees them.
struct I3DFrames: Sendable {
    private static let side = I3D.side
    private let framing: I3DFraming
    private let resize: LinearResize
    private let size: (height: Int, width: Int)

    /// - Throws: `TorchError`.
    init(_ framing: I3DFraming, height: Int, width: Int) throws(TorchError) {
        self.framing = framing
        let side = Self.side
        switch framing {
        case .lvdm: size = (side, side)
        case .mmDiffusion:
            let scale = Double(side) / Double(min(height, width))
            size =
                height < width
                ? (side, Int((Double(width) * scale).rounded(.up))) : (Int((Double(height) * scale).rounded(.up)), side)
        case .javis:
            size =
                height > width ? (side, max(1, side * width / height)) : (max(1, side * height / width), side)
        }
        resize = try LinearResize(from: (height, width), to: size, antialias: framing == .javis, device: .cpu)
    }

    /// - Parameter frames: all of the size that this was made for.
    /// - Returns: `[3, T, 224, 224]`, −1…1, single precision.
    func callAsFunction(_ frames: [Image]) throws(TorchError) -> Tensor {
        let planes = try frames.map { frame throws(TorchError) in
            let bytes = try Tensor(frame.pixels, shape: [1, frame.height, frame.width, 3])
            return try framed(bytes.permute([0, 3, 1, 2]).to(.float32).contiguous())
        }
        return try Tensor.cat(planes, 0).transpose(0, 1)
    }

    /// A frame `[1, 3, H, W]` of 0…255.
    private func framed(_ frame: Tensor) throws(TorchError) -> Tensor {
        let side = Self.side
        switch framing {
        case .lvdm: return try range(resize(frame))
        case .mmDiffusion:
            return try range(resize(frame))
                .narrow(2, from: (size.height - side) / 2, count: side)
                .narrow(3, from: (size.width - side) / 2, count: side)
        case .javis:
            let (top, left) = ((side - size.height) / 2, (side - size.width) / 2)
            let padded = try resize(frame).padded([
                (left, side - size.width - left), (top, side - size.height - top),
            ])
            return try range(padded)
        }
    }

    /// 0…255 to −1…1.
    private func range(_ x: Tensor) throws(TorchError) -> Tensor { try x * 2 / Tensor.full([], 255) - 1 }
}
