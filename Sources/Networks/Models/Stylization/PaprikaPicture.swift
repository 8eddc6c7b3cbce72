package import ClipSampling
package import Torch

/// A photograph redrawn: resized as the original program does, through the network, and as bright as it was.
///
/// Source: AnimeGANv2 `test.py`, `tools/utils.py` (`adjust_brightness_from_src_to_dst`, which it calls unless told not to).
package struct PaprikaPicture: Sendable {
    private let network: Paprika
    private let device: Device

    package init(path: String, device: Device) throws {
        network = try Paprika(path: path, device: device)
        self.device = device
    }

    /// The size of the result: a side below 256 becomes 256, else it goes down to a multiple of 32.
    package static func size(height: Int, width: Int) -> (height: Int, width: Int) {
        (height <= 256 ? 256 : height - height % 32, width < 256 ? 256 : width - width % 32)
    }

    /// - Parameter keepsBrightness: whether the mean luma stays that of the photograph.
    package func callAsFunction(_ image: Image, keepsBrightness: Bool = true) throws(TorchError) -> Image {
        let (height, width) = Self.size(height: image.height, width: image.width)
        var x = try Tensor(image.pixels.map(Float.init), shape: [1, image.height, image.width, 3])
            .permute([0, 3, 1, 2]).contiguous()
        if (height, width) != (image.height, image.width) {
            x = try x.resizedBilinear(height: height, width: width, antialias: false)
        }
        x = try (x * (1 / 127.5) - 1).to(device: device)
        let drawn = try network(x).permute([0, 2, 3, 1]).contiguous().floats()
        // Both conversions to bytes cut, as numpy's do.
        let bytes = drawn.map { UInt8(min(max(($0 + 1) / 2 * 255, 0), 255)) }
        let kept = keepsBrightness ? Self.scaled(bytes, by: Self.factor(bytes, as: image)) : bytes
        return Image(unchecked: kept, width: width, height: height)
    }

    /// What gives bytes of RGB the mean luma of a photograph.
    package static func factor(_ bytes: [UInt8], as photograph: Image) -> Double {
        luma(photograph.pixels) / max(luma(bytes), 1e-6)
    }

    /// Bytes times a factor, cut as well.
    package static func scaled(_ bytes: [UInt8], by factor: Double) -> [UInt8] {
        bytes.map { UInt8(min(max(Double($0) * factor, 0), 255)) }
    }

    private static func luma(_ pixels: [UInt8]) -> Double {
        var sums = (0, 0, 0)
        for place in stride(from: 0, to: pixels.count, by: 3) {
            sums.0 += Int(pixels[place])
            sums.1 += Int(pixels[place + 1])
            sums.2 += Int(pixels[place + 2])
        }
        let count = Double(pixels.count / 3)
        return 0.299 * Double(sums.0) / count + 0.587 * Double(sums.1) / count + 0.114 * Double(sums.2) / count
    }
}
